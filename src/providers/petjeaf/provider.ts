/** Describes Petje.af's API as a provider. Errata PJ-*. */
import type { paths } from "../../../generated/petjeaf.ts";
import { meta } from "../../../generated/petjeaf.meta.ts";
import type { AuthorizationPageOptions } from "../../client/code-flow.ts";
import { clientSecretPost } from "../../http/client-authentication.ts";
import { requireSecret, requireText, requireUrl } from "../../parts/check-options.ts";
import { parseTokenResponse } from "../../parts/oauth-response.ts";
import { namesOf } from "../../parts/option-names.ts";
import { firstText, isRecord } from "../../parts/parse-error.ts";
import type { Problem, Provider } from "../../provider.ts";
import type { Secret } from "../../secret.ts";
import { readClaims } from "./claims.ts";

export type { paths as PetjeafPaths };

/** The application that Petje.af knows. */
export interface PetjeafOptions {
  /** The client id that Petje.af issued. */
  readonly clientId: string;
  /** The client secret that Petje.af issued. */
  readonly clientSecret: Secret;
}

/** A scope of Petje.af. Scopes that this package does not know are accepted as well. */
export type PetjeafScope = "profile.read" | "memberships.read" | "pages.read" | (string & {});

const TOKENS = "POST /oauth2/tokens";

/** The provider behind `createPetjeafClient`. Its option `key` names the person. */
export const petjeaf: Provider<paths, PetjeafOptions & { readonly key: string }> = {
  name: "petjeaf",
  meta,
  tokenScheme: "oauth2",
  options: namesOf<PetjeafOptions & AuthorizationPageOptions & { readonly key: string }>({
    clientId: true,
    clientSecret: true,
    authorizeUrl: true,
    key: true,
  }),
  // The vendor's documents do not name PKCE.
  authorization: {
    pkce: false,
    subjectOf: ({ accessToken }) => readClaims(accessToken).id,
  },

  connect({ baseUrl, allowHttpHost, clientId, clientSecret, key }) {
    const id = requireText(clientId, "clientId");
    const secret = requireSecret(clientSecret, "clientSecret");
    const authenticate = clientSecretPost({ clientId: id });
    return {
      baseUrl: requireUrl(baseUrl ?? meta.servers[0]?.url, "baseUrl", allowHttpHost),
      identity: [id, requireText(key, "key")],
      identityOption: "clientId",
      tokenOperation: TOKENS,
      credentials: { clientSecret: secret },
      exchange: (body, reveal) => authenticate({ operation: TOKENS, body, secrets: [] }, reveal),
      grants: ({ refreshToken }) =>
        refreshToken === undefined
          ? []
          : [
              {
                name: "refresh_token",
                grantType: "refresh_token",
                request: (reveal) =>
                  authenticate(
                    {
                      operation: TOKENS,
                      body: { grant_type: "refresh_token", refresh_token: refreshToken },
                      secrets: [refreshToken],
                    },
                    reveal,
                  ),
              },
            ],
    };
  },

  parseToken: parseTokenResponse,

  readProblem(body): Problem {
    if (!isRecord(body)) return {};
    const message = firstText(body["detail"], body["message"], body["error_description"]);
    // The vendor's problem documents have no error code. `detail` names a dead grant (rule T-17).
    return {
      message,
      code:
        firstText(body["error"]) ??
        (/^invalid[ _]grant\b/i.test(message ?? "") ? "invalid_grant" : undefined),
    };
  },
};
