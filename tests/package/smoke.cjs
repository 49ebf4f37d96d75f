// The built package, through require() in plain Node.
const { createApinizerClient, CorrigendaError } = require("corrigenda");
const { startSandbox } = require("corrigenda/sandbox");

startSandbox().then(async (sandbox) => {
  const { data } = await createApinizerClient(sandbox.apinizer.options).GET("/projects/");
  const error = await createApinizerClient({
    ...sandbox.apinizer.options,
    password: "wrong-password",
  })
    .auth.getToken()
    .catch((e) => e);
  await sandbox.close();
  if (data.resultList.length !== 1 || !(error instanceof CorrigendaError))
    throw new Error("the CommonJS smoke test failed");
  console.log("require() works");
});
