import { createGenLogsClient, CredentialsError } from "corrigenda";

const genlogs = createGenLogsClient({
  apiKey: async () => "from-a-vault",
  email: "user@example.com",
  password: "not-a-real-password",
  renew: "refresh-token",
});

export async function carriers(city: string): Promise<string[]> {
  try {
    const { data, error, response } = await genlogs.GET("/carrier/recommendations", {
      params: { query: { origin_city: city, real_time: true } },
    });
    if (error !== undefined) throw new Error(`answered with ${response.status}`);
    return data.recommendations.map(
      ({ dot_number, legal_name }) => `${dot_number} ${legal_name?.toUpperCase() ?? ""}`,
    );
  } catch (error) {
    if (error instanceof CredentialsError)
      return [error.kind, error.vendorCode ?? "", String(error.status?.toFixed())];
    throw error;
  }
}
