// Generated from openapi/genlogs.yaml by `npm run generate`. Do not edit.
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
         * Exchange e-mail and password for an access and a refresh token
         * @description E-mail and password are in the JSON body. In the older form, both are in the query string. We infer that a login which still demands that form responds with 422 and a `loc` that begins with `query`. The overlay overlays/genlogs-query.yaml turns this document into one of that form.
         */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/token/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange a refresh token for a new pair of tokens
         * @description One page documents this call, another says that the refresh token cannot be used at this time. A client must be able to do without it, and to log in again.
         */
        post: operations["refreshToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/carrier/recommendations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Carriers recommended for an origin, a destination or a lane
         * @description Needs the permission `external-api-carrier-recommendation`, and `realtime-api` for `real_time`. Send an origin, a destination or both, each as city and state. How a request without a location is answered is in no document that we could read.
         */
        get: operations["getCarrierRecommendations"];
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
        Credentials: {
            email: string;
            /** Format: password */
            password: string;
        };
        TokenPair: {
            access_token_data: components["schemas"]["ExpiringToken"];
            refresh_token_data?: components["schemas"]["ExpiringToken"];
            user_id?: string | number;
            company_id?: number | null;
            customer_name?: string | null;
        };
        ExpiringToken: {
            /** @description Opaque. Visible ASCII, so that it fits into a header. */
            token: string;
            /** @description An instant. No document of the vendor says whether it has a zone. Without one it is read as UTC, as the date-times of alerts are documented; a zone is accepted. */
            expires: string;
        };
        CarrierRecommendations: {
            /** @description A list in a third party's catalogue, a dictionary on the vendor's page. */
            real_time_locs: components["schemas"]["RealTimeLocation"][] | Record<string, never>;
            recommendations: components["schemas"]["CarrierRecommendation"][];
        };
        RealTimeLocation: {
            dot_number: string;
            is_inbound: boolean;
            current_lat?: number | null;
            current_lon?: number | null;
        };
        CarrierRecommendation: {
            /** @description USDOT number. */
            dot_number: string;
            mc_number?: number;
            legal_name?: string;
            dba_name?: string | null;
            phy_street?: string;
            phy_city?: string;
            phy_state?: string;
            phy_zip?: string;
            telephone?: string;
            email_address?: string;
            /** @description By e-mail address. */
            confirmed_email?: {
                [key: string]: components["schemas"]["Confirmation"];
            };
            /** @description By phone number. */
            confirmed_phone?: {
                [key: string]: components["schemas"]["Confirmation"];
            };
            add_date?: string;
            carried_cargo?: string;
            carrier_score_scaled?: number;
            carrier_total_power_units?: number;
            bipd_insurance_on_file?: number;
            cargo_insurance_on_file?: number;
            /** @description Rate at which drivers were put out of service. */
            carrier_driver_oos_rate?: number;
            carrier_driver_oos_rate_national_avg?: number;
            /** @description Rate at which vehicles were put out of service. */
            carrier_vehicle_oos_rate?: number;
            carrier_vehicle_oos_rate_national_avg?: number;
            is_inbound?: boolean;
            is_real_time?: boolean;
            is_visually_sighted?: boolean;
            is_possible_backhaul?: boolean;
            power_only?: boolean;
            lat?: number | null;
            lon?: number | null;
            broker_authority_status?: string;
        };
        Confirmation: {
            add_date?: string;
        };
        ValidationProblem: {
            detail: components["schemas"]["ValidationError"][];
        };
        ValidationError: {
            loc: (string | number)[];
            msg: string;
            type: string;
        };
        /** @description The shapes of error bodies, which differ from one group of endpoints to the next. */
        Problem: components["schemas"]["DetailProblem"] | components["schemas"]["MessageProblem"] | components["schemas"]["ErrorProblem"] | string;
        DetailProblem: {
            detail: string | {
                message: string;
                subcode?: string | number;
            } | components["schemas"]["ValidationError"][];
        };
        MessageProblem: {
            message: string;
            code?: number;
            subcode?: number;
        };
        ErrorProblem: {
            error: string;
        };
    };
    responses: {
        /** @description A new pair of tokens. */
        Tokens: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "access_token_data": {
                 *         "token": "example-access-token",
                 *         "expires": "2099-01-19T05:00:00"
                 *       },
                 *       "refresh_token_data": {
                 *         "token": "example-refresh-token",
                 *         "expires": "2099-02-18T05:00:00"
                 *       },
                 *       "user_id": "1001",
                 *       "company_id": 42,
                 *       "customer_name": "Example Freight"
                 *     }
                 */
                "application/json": components["schemas"]["TokenPair"];
            };
        };
        /** @description E-mail, password, refresh token or access token refused. */
        Unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "Invalid credentials"
                 *     }
                 */
                "application/json": components["schemas"]["Problem"];
            };
        };
        /** @description A named permission is missing, or a feature was not bought. For some calls this is also documented as the response to an expired access token. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "message": "Permission required",
                 *       "subcode": 1203
                 *     }
                 */
                "application/json": components["schemas"]["Problem"];
            };
        };
        /** @description The request did not pass the vendor's validation. */
        Invalid: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": [
                 *         {
                 *           "loc": [
                 *             "query",
                 *             "email"
                 *           ],
                 *           "msg": "Field required",
                 *           "type": "missing"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["ValidationProblem"];
            };
        };
        /** @description A fault on the server. */
        Failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /** @example Internal Server Error */
                "application/json": components["schemas"]["Problem"];
            };
        };
        /** @description Any answer that no document names for the operation. */
        Other: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "Not authenticated"
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
                 *       "email": "user@example.com",
                 *       "password": "not-a-real-password"
                 *     }
                 */
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            200: components["responses"]["Tokens"];
            401: components["responses"]["Unauthorized"];
            422: components["responses"]["Invalid"];
            500: components["responses"]["Failed"];
            default: components["responses"]["Other"];
        };
    };
    refreshToken: {
        parameters: {
            query: {
                /**
                 * @description The refresh token of an earlier answer. No document offers another place for it.
                 * @example example-refresh-token
                 */
                refresh_token: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Tokens"];
            401: components["responses"]["Unauthorized"];
            422: components["responses"]["Invalid"];
            500: components["responses"]["Failed"];
            default: components["responses"]["Other"];
        };
    };
    getCarrierRecommendations: {
        parameters: {
            query?: {
                /** @example Nashville */
                origin_city?: string;
                /**
                 * @description Full name or two letters.
                 * @example TN
                 */
                origin_state?: string;
                /** @example Dallas */
                destination_city?: string;
                /**
                 * @description Full name or two letters.
                 * @example TX
                 */
                destination_state?: string;
                /**
                 * @description Whole miles; 50 when absent.
                 * @example 50
                 */
                origin_radius?: number;
                /**
                 * @description Whole miles; 50 when absent.
                 * @example 50
                 */
                destination_radius?: number;
                /**
                 * @description 0 when absent.
                 * @example 0
                 */
                carrier_score_min?: number;
                /**
                 * @description Two defaults are documented: 1 and 100.
                 * @example 1
                 */
                carrier_score_max?: number;
                /**
                 * @description Power units.
                 * @example 5
                 */
                fleet_size_min?: number;
                /**
                 * @description Power units.
                 * @example 100
                 */
                fleet_size_max?: number;
                /** @example Machinery */
                carried_cargo?: string;
                /**
                 * @description Several are joined by `|`. Upper and lower case matter.
                 * @example Flatbed
                 */
                equipment_types?: string;
                /** @example false */
                preferred_carriers?: boolean;
                /**
                 * @description 403 when the feature was not bought.
                 * @example false
                 */
                real_time?: boolean;
                /** @example false */
                power_only?: boolean;
                /** @example false */
                broker_authority?: boolean;
                /** @example false */
                is_possible_backhaul?: boolean;
                /**
                 * @description Months of authority; 1 when absent.
                 * @example 12
                 */
                auth_months_min?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Recommendations, best first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "real_time_locs": [],
                     *       "recommendations": [
                     *         {
                     *           "dot_number": "1234567",
                     *           "legal_name": "Example Carrier LLC",
                     *           "phy_state": "TN",
                     *           "carrier_score_scaled": 0.87,
                     *           "is_visually_sighted": true
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["CarrierRecommendations"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            default: components["responses"]["Other"];
        };
    };
}
