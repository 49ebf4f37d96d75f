import type { Grant } from "../provider.ts";

/**
 * A grant that uses nothing up: it may be sent again after any failure of server or network (rules
 * T-12, T-13).
 */
export const isMint = (grant: Pick<Grant, "grantType"> | undefined): boolean =>
  grant?.grantType === "password" || grant?.grantType === "client_credentials";
