// Generated from openapi/apinizer.yaml by `npm run generate`. Do not edit.
export interface paths {
    "/auth/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Obtain a token with a user's name and password
         * @description OAuth 2.0 client credentials in form, with a console user's name as `client_id` and their password as `client_secret`. Needs no token. Form-encoded only: the JSON on the vendor's page shows the same data, and not a body that may be sent.
         */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The projects that the user belongs to */
        get: operations["listProjects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/test/healthcheck": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is the manager alive
         * @description Needs no token.
         */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        TokenRequest: components["schemas"]["ClientCredentialsGrant"];
        ClientCredentialsGrant: {
            /**
             * @example client_credentials
             * @constant
             */
            grant_type: "client_credentials";
            /**
             * @description Name of a console user.
             * @example example_user
             */
            client_id: string;
            /**
             * Format: password
             * @description That user's password.
             * @example not-a-real-password
             */
            client_secret: string;
        };
        TokenResponse: {
            /** @description Opaque, of RFC 6750's b64token alphabet. By one guide, staff tokens usually begin with `apnz_`. The JWT of the vendor's sample is the stock example of a JWT site. */
            access_token: string;
            /** @description Absent from the schema in openapi.yaml; `Bearer` is assumed then. */
            token_type?: string;
            /** @description A lifetime in seconds by the API reference, in milliseconds by the gateway's guide; an epoch in milliseconds by an older manual. Below 1,000,000 it is read as seconds; from there on as an epoch if it lies between a day ago and ten years ahead, else as milliseconds. Absent, zero or negative: the token has no known expiry. */
            expires_in?: number;
            /** @description A 200 that holds an error is a failure. */
            error?: null;
        };
        ProjectList: {
            /**
             * @description A 200 with another one is a failure.
             * @constant
             */
            status?: "SUCCESS";
            /**
             * @description Printed instead of `status` on many pages of other operations.
             * @constant
             */
            success?: true;
            resultMessage?: string | null;
            resultCount?: number | null;
            resultList?: components["schemas"]["Project"][] | null;
        };
        Project: {
            name: string;
            description?: string | null;
            id?: string;
            relativePath?: string | null;
            enableRelativePath?: boolean;
            tags?: string[] | null;
        };
        /** @description The token endpoint speaks OAuth; everything else, and in one document the token endpoint too, an envelope. */
        Problem: components["schemas"]["OAuthProblem"] | components["schemas"]["Failure"];
        OAuthProblem: {
            error: string;
            error_description?: string | null;
            /** @description Seconds. */
            retry_after?: number;
        };
        Failure: {
            /** @constant */
            status: "FAILURE";
            resultMessage?: string | null;
        };
    };
    responses: {
        /** @description Too many requests. The older documents show the body without a status, and the newer ones have neither. The status is inferred. */
        TooMany: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": "rate_limit_exceeded",
                 *       "error_description": "Too many requests",
                 *       "retry_after": 60
                 *     }
                 */
                "application/json": components["schemas"]["Problem"];
            };
        };
        /** @description A fault on the server. */
        Failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": "server_error",
                 *       "error_description": "An unexpected error occurred"
                 *     }
                 */
                "application/json": components["schemas"]["Problem"];
            };
        };
        /** @description Any answer that no document names. */
        Other: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "status": "FAILURE",
                 *       "resultMessage": "Not found"
                 *     }
                 */
                "application/json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /**
         * @description How long to wait after a 429 or 503: seconds, or an HTTP date (RFC 9110, 10.2.3). No document of the vendor names this header.
         * @example 60
         */
        RetryAfter: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    createToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "grant_type": "client_credentials",
                 *       "client_id": "example_user",
                 *       "client_secret": "not-a-real-password"
                 *     }
                 */
                "application/x-www-form-urlencoded": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description A token. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "access_token": "apnz_example-access-token",
                     *       "token_type": "Bearer",
                     *       "expires_in": 3600
                     *     }
                     */
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            /** @description The request is malformed, or the grant type is not `client_credentials`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "error": "unsupported_grant_type",
                     *       "error_description": "GrantType value must be client_credentials!"
                     *     }
                     */
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description Name or password is wrong, or the account is disabled or locked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "error": "unauthorized_client",
                     *       "error_description": "Bad credentials"
                     *     }
                     */
                    "application/json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooMany"];
            500: components["responses"]["Failed"];
            default: components["responses"]["Other"];
        };
    };
    listProjects: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them; the list is not paged and may be empty. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "SUCCESS",
                     *       "resultList": [
                     *         {
                     *           "name": "ExampleProject",
                     *           "description": "A project"
                     *         }
                     *       ],
                     *       "resultCount": 1
                     *     }
                     */
                    "application/json": components["schemas"]["ProjectList"];
                };
            };
            /** @description Refused. By a page on errors in general, for a missing permission too. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "FAILURE",
                     *       "resultMessage": "User does not have required permission for this operation!"
                     *     }
                     */
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing, wrong, expired or revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "FAILURE",
                     *       "resultMessage": "Token was expired!"
                     *     }
                     */
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description A permission is missing, by a page of 2025 on errors in general and two of 2026 on other operations. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "error": "forbidden",
                     *       "error_description": "Permission required"
                     *     }
                     */
                    "application/json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooMany"];
            500: components["responses"]["Failed"];
            default: components["responses"]["Other"];
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example OK */
                    "text/plain": string;
                };
            };
            default: components["responses"]["Other"];
        };
    };
}
