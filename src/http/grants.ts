/** What a grant's type says about sending it again. */
import type { Grant } from "../provider.ts";

/**
 * Whether a grant uses up no code and no refresh token, so that its request may be sent again after
 * any failure of the server or the network (rules T-12, T-13).
 */
export const isRepeatable = (grant: Pick<Grant, "grantType"> | undefined): boolean =>
  grant?.grantType === "password" || grant?.grantType === "client_credentials";
