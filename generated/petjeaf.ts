// Generated from openapi/petjeaf.yaml by `npm run generate`. Do not edit.
export interface paths {
    "/oauth2/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange an authorization code or a refresh token for an access token
         * @description Form-encoded only. The client authenticates in the body.
         */
        post: operations["createToken"];
        /**
         * Revoke the access token that the request carries
         * @description Known from the vendor's own plugin, which does not look at the answer; no page describes the call. Whether the refresh token is revoked too is unknown.
         */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The person whose token this is
         * @description Known from the vendor's own plugin and OAuth provider. That it needs `profile.read`, the provider's default scope, is inferred.
         */
        get: operations["getCurrentUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/memberships": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The person's memberships */
        get: operations["listMemberships"];
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
        AuthorizationCodeGrant: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            grant_type: "authorization_code";
            /** @example example-client */
            client_id: string;
            /**
             * Format: password
             * @example not-a-real-secret
             */
            client_secret: string;
            /**
             * Format: password
             * @description The code that came back to the redirect URI.
             * @example example-code
             */
            code: string;
            /**
             * Format: uri
             * @description Not in the vendor's table. RFC 6749 4.1.3 demands it when the authorization request had one.
             * @example https://app.example/callback
             */
            redirect_uri?: string;
        };
        RefreshTokenGrant: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            grant_type: "refresh_token";
            /** @example example-client */
            client_id: string;
            /**
             * Format: password
             * @example not-a-real-secret
             */
            client_secret: string;
            /**
             * Format: password
             * @example example-refresh-token
             */
            refresh_token: string;
        };
        TokenResponse: {
            /** @description A JWT with name, email and id. Of RFC 6750's b64token alphabet, so that it fits into a header. */
            access_token: string;
            token_type?: string;
            /** @description Seconds. */
            expires_in?: number;
            refresh_token?: string;
            /** @description Scopes that were granted, separated by spaces. */
            scope?: string;
            /** @description A 200 that holds an error is a failure. */
            error?: null;
        };
        User: {
            id: string;
            name?: string;
            email?: string;
        };
        MembershipList: {
            /** @description Whether of this page or of all is not documented. */
            count?: number;
            _embedded: {
                memberships: components["schemas"]["Membership"][];
            };
            _links?: {
                self?: components["schemas"]["Link"];
                /** @description Null in the vendor's sample. That this is the last page is inferred. Page with `from` rather than with this address: the links of the sample name api.petje.af and lack `/v1`. */
                next?: components["schemas"]["Link"] | null;
            };
        };
        Membership: {
            resource?: string;
            id: string;
            userId?: string;
            /** @description Euro. */
            amount?: number;
            /** @description month, year; other values have a label. */
            interval?: string;
            intervalLabel?: string | null;
            number?: number;
            pageId?: string;
            pageName?: string;
            pageSlug?: string;
            /** @description Name of the plan. */
            plan?: string;
            planId?: string;
            /** @description To the vendor's plugin, active, active_end, active_end_month and active_end_year are active. */
            status?: string;
        };
        Link: {
            href: string;
            type?: string;
        };
        /** @description What the vendor's own clients read. No media type is documented. */
        Problem: components["schemas"]["DetailProblem"] | components["schemas"]["MessageProblem"] | components["schemas"]["OAuthProblem"];
        DetailProblem: {
            status?: number;
            title?: string;
            detail: string;
            field?: string;
            _links?: {
                documentation?: components["schemas"]["Link"];
            };
        };
        MessageProblem: {
            message: string;
        };
        OAuthProblem: {
            error: string;
            error_description?: string;
            error_uri?: string;
        };
    };
    responses: {
        /** @description Any answer that no document names. */
        Other: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "status": 401,
                 *       "title": "Unauthorized",
                 *       "detail": "The access token is invalid"
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
                "application/x-www-form-urlencoded": components["schemas"]["AuthorizationCodeGrant"] | components["schemas"]["RefreshTokenGrant"];
            };
        };
        responses: {
            /** @description Tokens. Whether the refresh token replaces the earlier one is not documented. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6ImV4YW1wbGVVc2VyMDAwMDAwMDAwMDAwMDAwMSIsIm5hbWUiOiJFeGFtcGxlIFBlcnNvbiIsImVtYWlsIjoicGVyc29uQGV4YW1wbGUuY29tIn0.bm90IGEgc2lnbmF0dXJl",
                     *       "token_type": "Bearer",
                     *       "expires_in": 3599,
                     *       "refresh_token": "example-refresh-token",
                     *       "scope": "memberships.read"
                     *     }
                     */
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            /** @description No tokens were created. The vendor's sample is of a code that is not valid; other causes are inferred. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": 400,
                     *       "title": "Bad Request",
                     *       "detail": "Invalid grant: authorization code is invalid",
                     *       "_links": {
                     *         "documentation": {
                     *           "href": "https://docs.petje.af",
                     *           "type": "text/html"
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["Other"];
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked. Inferred: to the plugin, 200 is the only success of any call. The body is not known. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example {} */
                    "application/json": unknown;
                };
            };
            /** @description Revoked. Inferred: the vendor's PHP client accepts an empty body with a 204 only. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Other"];
        };
    };
    getCurrentUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description That person. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "exampleUser0000000000000001",
                     *       "name": "Example Person",
                     *       "email": "person@example.com"
                     *     }
                     */
                    "application/json": components["schemas"]["User"];
                };
            };
            default: components["responses"]["Other"];
        };
    };
    listMemberships: {
        parameters: {
            query?: {
                /**
                 * @description Only memberships of this page.
                 * @example examplePage000000001
                 */
                pageId?: string;
                /**
                 * @description At most so many.
                 * @example 50
                 */
                limit?: number;
                /**
                 * @description Id of the last item of the page before.
                 * @example exampleMembership001
                 */
                from?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "count": 1,
                     *       "_embedded": {
                     *         "memberships": [
                     *           {
                     *             "resource": "memberships",
                     *             "id": "exampleMembership001",
                     *             "userId": "exampleUser0000000000000001",
                     *             "amount": 3,
                     *             "interval": "month",
                     *             "number": 200000001,
                     *             "pageId": "examplePage000000001",
                     *             "pageName": "Example page",
                     *             "pageSlug": "example",
                     *             "plan": "Example plan",
                     *             "planId": "examplePlan000000001",
                     *             "status": "active"
                     *           }
                     *         ]
                     *       },
                     *       "_links": {
                     *         "self": {
                     *           "href": "https://api.petje.af/memberships",
                     *           "type": "application/hal+json"
                     *         },
                     *         "next": null
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["MembershipList"];
                };
            };
            default: components["responses"]["Other"];
        };
    };
}
