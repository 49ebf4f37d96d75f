// Lints files that do not exist: reads [{ path, code }] from the standard input, and prints a list
// [{ rule, message, severity }] for each file. Rules that need the types of the project do not run.
// It runs in a process of its own, since Jest cannot load a configuration that is a module.
import { readFileSync } from "node:fs";
import { ESLint } from "eslint";

const RULES = ["corrigenda/rooms", "max-lines", "max-lines-per-function"];
const eslint = new ESLint({
  overrideConfig: [{ languageOptions: { parserOptions: { projectService: false } } }],
  ruleFilter: ({ ruleId }) => RULES.includes(ruleId),
});
const reports = [];
for (const { path, code } of JSON.parse(readFileSync(0, "utf8"))) {
  const [report] = await eslint.lintText(code, { filePath: path });
  reports.push(
    report.messages.map(({ ruleId: rule, message, severity }) => ({ rule, message, severity })),
  );
}
process.stdout.write(JSON.stringify(reports));
