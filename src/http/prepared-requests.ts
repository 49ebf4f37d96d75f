/** All the requests that a token may take, made ready, and the secrets in them. */
import { withSignal, type Deadline } from "../platform/deadline.ts";
import type { Grant } from "../provider.ts";
import { type Reveal } from "../secret.ts";
import { secretIsLate } from "./reveal-secret.ts";
import { prepareTokenRequest, type PreparedRequest, type TokenEndpoint } from "./token-request.ts";

export interface Prepared {
  /** @throws what kept this one from being prepared */
  take(index: number): PreparedRequest;
  /** All the secret values in the requests. In memory only (rule T-07). */
  readonly secrets: readonly (readonly string[])[];
  /** The values of the API keys that go along. */
  readonly apiKeys: readonly string[];
}

/**
 * With the names of the options that begin or end in white space: where the vendor refuses them,
 * that is why.
 */
async function prepare(
  grant: Pick<Grant, "request">,
  endpoint: TokenEndpoint,
  reveal: Reveal,
): Promise<PreparedRequest> {
  const { identity: [user = ""] = [], identityOption } = endpoint.connection;
  const padded = new Set(identityOption !== undefined && isPadded(user) ? [identityOption] : []);
  const request = await grant.request(async (name) => {
    const value = await reveal(name);
    if (isPadded(value)) padded.add(name);
    return value;
  });
  return { ...(await prepareTokenRequest(request, endpoint)), padded: [...padded] };
}

const isPadded = (text: string): boolean => text !== text.trim();

/**
 * All at once, since the latch has to see every credential; one that fails matters only if its turn
 * comes.
 */
export async function prepareAll(
  grants: readonly Pick<Grant, "request">[],
  endpoint: TokenEndpoint,
  reveal: Reveal,
  { signal }: Deadline,
): Promise<Prepared> {
  const { name } = endpoint.provider;
  const all = await withSignal(
    Promise.allSettled(grants.map((grant) => prepare(grant, endpoint, reveal))),
    signal,
  ).catch(() => {
    throw secretIsLate(name);
  });
  const secrets = all.map((request) =>
    request.status === "fulfilled" ? request.value.secrets : [],
  );
  const apiKeys = [
    ...new Set(
      all.flatMap((request) => (request.status === "fulfilled" ? request.value.apiKeys : [])),
    ),
  ];
  return {
    secrets,
    apiKeys,
    take(index) {
      const request = all[index];
      if (request?.status === "fulfilled") return request.value;
      throw request?.reason;
    },
  };
}
