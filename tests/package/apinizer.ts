import { createApinizerClient, type ApinizerClient, type Token } from "corrigenda";

const manager: ApinizerClient = createApinizerClient({
  managerUrl: "https://manager.example",
  username: "user",
  password: "not-a-real-password",
});
const other = createApinizerClient({
  managerUrl: "https://manager.example/apiops/",
  token: "not-a-real-token",
  onEvent: (event) => console.log(event.type),
});

export async function projects(signal: AbortSignal): Promise<string[]> {
  const token: Token = await manager.auth.getToken({ signal, minTtl: 60 });
  const { data } = await manager.GET("/projects/", { signal });
  const health: string | undefined = (await other.GET("/test/healthcheck")).data;
  const created = await other.POST("/auth/token", {
    body: { grant_type: "client_credentials", client_id: "u", client_secret: "not-real" },
  });
  const lifetime: number | undefined = created.data?.expires_in;
  const plain: Response = await manager.fetch("/projects/", { signal });
  return [
    ...(data?.resultList ?? []).map(({ name }) => name),
    token.tokenType,
    health ?? "",
    String(lifetime),
    String(plain.status),
  ];
}
