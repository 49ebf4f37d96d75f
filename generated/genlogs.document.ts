// Generated from openapi/genlogs.yaml by `npm run generate`. Do not edit.
export const document: Readonly<Record<string, unknown>> = {
  "openapi": "3.1.0",
  "info": {
    "title": "GenLogs",
    "version": "0.1.0",
    "summary": "Freight intelligence. Tokens and carrier recommendations, curated.",
    "description": "A corrected description of the part of the GenLogs API that a client needs to obtain a token and use it. Where the vendor's documents disagree, this document holds the reading with the best evidence, and says so in the place where it matters. No vendor was called to confirm it. GenLogs did not write this document. `x-errata` on a node lists what the vendor's pages get wrong there, by the ids of the entries in errata/genlogs.yaml.",
    "contact": {
      "name": "Help centre of GenLogs",
      "url": "https://help.genlogs.io"
    },
    "license": {
      "name": "MIT",
      "identifier": "MIT"
    }
  },
  "externalDocs": {
    "description": "The vendor's own documentation, which this document corrects.",
    "url": "https://docs.genlogs.io"
  },
  "servers": [
    {
      "url": "https://api.genlogs.io",
      "x-errata": [
        "GL-02",
        "GL-33"
      ],
      "description": "Production. Every path hangs below the root; the published fragment that uses `/auth` as a server means the same URLs."
    }
  ],
  "tags": [
    {
      "name": "auth",
      "description": "Access and refresh tokens."
    },
    {
      "name": "carrier",
      "description": "Carrier data."
    }
  ],
  "security": [
    {
      "apiKey": [],
      "accessToken": []
    }
  ],
  "paths": {
    "/auth/token": {
      "x-errata": [
        "GL-01"
      ],
      "post": {
        "x-errata": [
          "GL-21",
          "GL-28"
        ],
        "tags": [
          "auth"
        ],
        "operationId": "createToken",
        "summary": "Exchange e-mail and password for an access and a refresh token",
        "description": "E-mail and password are in the JSON body. In the older form, both are in the query string. We infer that a login which still demands that form responds with 422 and a `loc` that begins with `query`. The overlay overlays/genlogs-query.yaml turns this document into one of that form.",
        "security": [
          {
            "apiKey": []
          }
        ],
        "requestBody": {
          "x-errata": [
            "GL-15"
          ],
          "required": true,
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/Credentials"
              },
              "example": {
                "email": "user@example.com",
                "password": "not-a-real-password"
              }
            }
          }
        },
        "responses": {
          "200": {
            "$ref": "#/components/responses/Tokens"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "422": {
            "$ref": "#/components/responses/Invalid"
          },
          "500": {
            "$ref": "#/components/responses/Failed"
          },
          "default": {
            "$ref": "#/components/responses/Other"
          }
        }
      }
    },
    "/auth/token/refresh": {
      "x-errata": [
        "GL-10"
      ],
      "post": {
        "x-errata": [
          "GL-03",
          "GL-12"
        ],
        "tags": [
          "auth"
        ],
        "operationId": "refreshToken",
        "summary": "Exchange a refresh token for a new pair of tokens",
        "description": "One page documents this call, another says that the refresh token cannot be used at this time. A client must be able to do without it, and to log in again.",
        "security": [
          {
            "apiKey": []
          }
        ],
        "parameters": [
          {
            "name": "refresh_token",
            "in": "query",
            "x-errata": [
              "GL-13"
            ],
            "required": true,
            "description": "The refresh token of an earlier answer. No document offers another place for it.",
            "schema": {
              "type": "string",
              "format": "password",
              "minLength": 1
            },
            "example": "example-refresh-token"
          }
        ],
        "responses": {
          "200": {
            "$ref": "#/components/responses/Tokens"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "422": {
            "$ref": "#/components/responses/Invalid"
          },
          "500": {
            "$ref": "#/components/responses/Failed"
          },
          "default": {
            "$ref": "#/components/responses/Other"
          }
        }
      }
    },
    "/carrier/recommendations": {
      "get": {
        "x-errata": [
          "GL-26",
          "GL-30"
        ],
        "tags": [
          "carrier"
        ],
        "operationId": "getCarrierRecommendations",
        "summary": "Carriers recommended for an origin, a destination or a lane",
        "description": "Needs the permission `external-api-carrier-recommendation`, and `realtime-api` for `real_time`. Send an origin, a destination or both, each as city and state. How a request without a location is answered is in no document that we could read.",
        "parameters": [
          {
            "name": "origin_city",
            "in": "query",
            "schema": {
              "type": "string"
            },
            "example": "Nashville"
          },
          {
            "name": "origin_state",
            "in": "query",
            "description": "Full name or two letters.",
            "schema": {
              "type": "string"
            },
            "example": "TN"
          },
          {
            "name": "destination_city",
            "in": "query",
            "schema": {
              "type": "string"
            },
            "example": "Dallas"
          },
          {
            "name": "destination_state",
            "in": "query",
            "description": "Full name or two letters.",
            "schema": {
              "type": "string"
            },
            "example": "TX"
          },
          {
            "name": "origin_radius",
            "in": "query",
            "x-errata": [
              "GL-35"
            ],
            "description": "Whole miles; 50 when absent.",
            "schema": {
              "type": "integer",
              "minimum": 0
            },
            "example": 50
          },
          {
            "name": "destination_radius",
            "in": "query",
            "x-errata": [
              "GL-35"
            ],
            "description": "Whole miles; 50 when absent.",
            "schema": {
              "type": "integer",
              "minimum": 0
            },
            "example": 50
          },
          {
            "name": "carrier_score_min",
            "in": "query",
            "x-errata": [
              "GL-31"
            ],
            "description": "0 when absent.",
            "schema": {
              "type": "number"
            },
            "example": 0
          },
          {
            "name": "carrier_score_max",
            "in": "query",
            "x-errata": [
              "GL-31"
            ],
            "description": "Two defaults are documented: 1 and 100.",
            "schema": {
              "type": "number"
            },
            "example": 1
          },
          {
            "name": "fleet_size_min",
            "in": "query",
            "x-errata": [
              "GL-31"
            ],
            "description": "Power units.",
            "schema": {
              "type": "number"
            },
            "example": 5
          },
          {
            "name": "fleet_size_max",
            "in": "query",
            "x-errata": [
              "GL-31"
            ],
            "description": "Power units.",
            "schema": {
              "type": "number"
            },
            "example": 100
          },
          {
            "name": "carried_cargo",
            "in": "query",
            "schema": {
              "type": "string"
            },
            "example": "Machinery"
          },
          {
            "name": "equipment_types",
            "in": "query",
            "description": "Several are joined by `|`. Upper and lower case matter.",
            "schema": {
              "type": "string"
            },
            "example": "Flatbed"
          },
          {
            "name": "preferred_carriers",
            "in": "query",
            "schema": {
              "type": "boolean"
            },
            "example": false
          },
          {
            "name": "real_time",
            "in": "query",
            "description": "403 when the feature was not bought.",
            "schema": {
              "type": "boolean"
            },
            "example": false
          },
          {
            "name": "power_only",
            "in": "query",
            "schema": {
              "type": "boolean"
            },
            "example": false
          },
          {
            "name": "broker_authority",
            "in": "query",
            "schema": {
              "type": "boolean"
            },
            "example": false
          },
          {
            "name": "is_possible_backhaul",
            "in": "query",
            "schema": {
              "type": "boolean"
            },
            "example": false
          },
          {
            "name": "auth_months_min",
            "in": "query",
            "description": "Months of authority; 1 when absent.",
            "schema": {
              "type": "number"
            },
            "example": 12
          }
        ],
        "responses": {
          "200": {
            "description": "Recommendations, best first.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/CarrierRecommendations"
                },
                "example": {
                  "real_time_locs": [],
                  "recommendations": [
                    {
                      "dot_number": "1234567",
                      "legal_name": "Example Carrier LLC",
                      "phy_state": "TN",
                      "carrier_score_scaled": 0.87,
                      "is_visually_sighted": true
                    }
                  ]
                }
              }
            }
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "default": {
            "$ref": "#/components/responses/Other"
          }
        }
      }
    }
  },
  "components": {
    "securitySchemes": {
      "apiKey": {
        "x-errata": [
          "GL-09"
        ],
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "Issued by GenLogs together with the account. Sent with every request."
      },
      "accessToken": {
        "x-errata": [
          "GL-18"
        ],
        "type": "apiKey",
        "in": "header",
        "name": "Access-Token",
        "description": "The `token` of `access_token_data`, as it is, without a `Bearer` prefix."
      }
    },
    "headers": {
      "RetryAfter": {
        "description": "How long to wait after a 429 or 503: seconds, or an HTTP date (RFC 9110, 10.2.3). No document of the vendor names this header.",
        "schema": {
          "type": "string"
        },
        "example": "60"
      }
    },
    "responses": {
      "Tokens": {
        "description": "A new pair of tokens.",
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/TokenPair"
            },
            "example": {
              "access_token_data": {
                "token": "example-access-token",
                "expires": "2099-01-19T05:00:00"
              },
              "refresh_token_data": {
                "token": "example-refresh-token",
                "expires": "2099-02-18T05:00:00"
              },
              "user_id": "1001",
              "company_id": 42,
              "customer_name": "Example Freight"
            }
          }
        },
        "links": {
          "refresh": {
            "operationId": "refreshToken",
            "description": "The refresh token of this answer.",
            "parameters": {
              "refresh_token": "$response.body#/refresh_token_data/token"
            }
          }
        }
      },
      "Unauthorized": {
        "x-errata": [
          "GL-04",
          "GL-20"
        ],
        "description": "E-mail, password, refresh token or access token refused.",
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/Problem"
            },
            "example": {
              "detail": "Invalid credentials"
            }
          }
        }
      },
      "Forbidden": {
        "x-errata": [
          "GL-19"
        ],
        "description": "A named permission is missing, or a feature was not bought. For some calls this is also documented as the response to an expired access token.",
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/Problem"
            },
            "example": {
              "message": "Permission required",
              "subcode": 1203
            }
          }
        }
      },
      "Invalid": {
        "description": "The request did not pass the vendor's validation.",
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/ValidationProblem"
            },
            "example": {
              "detail": [
                {
                  "loc": [
                    "query",
                    "email"
                  ],
                  "msg": "Field required",
                  "type": "missing"
                }
              ]
            }
          }
        }
      },
      "Failed": {
        "x-errata": [
          "GL-27"
        ],
        "description": "A fault on the server.",
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/Problem"
            },
            "example": "Internal Server Error"
          }
        }
      },
      "Other": {
        "description": "Any answer that no document names for the operation.",
        "headers": {
          "Retry-After": {
            "$ref": "#/components/headers/RetryAfter"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/Problem"
            },
            "example": {
              "detail": "Not authenticated"
            }
          }
        }
      }
    },
    "schemas": {
      "Credentials": {
        "x-errata": [
          "GL-29"
        ],
        "type": "object",
        "required": [
          "email",
          "password"
        ],
        "properties": {
          "email": {
            "type": "string",
            "minLength": 1
          },
          "password": {
            "type": "string",
            "format": "password",
            "minLength": 1
          }
        },
        "additionalProperties": false
      },
      "TokenPair": {
        "type": "object",
        "required": [
          "access_token_data"
        ],
        "properties": {
          "access_token_data": {
            "x-errata": [
              "GL-06"
            ],
            "$ref": "#/components/schemas/ExpiringToken"
          },
          "refresh_token_data": {
            "x-errata": [
              "GL-06",
              "GL-22"
            ],
            "$ref": "#/components/schemas/ExpiringToken"
          },
          "user_id": {
            "x-errata": [
              "GL-16"
            ],
            "type": [
              "string",
              "integer"
            ]
          },
          "company_id": {
            "x-errata": [
              "GL-05",
              "GL-17"
            ],
            "type": [
              "integer",
              "null"
            ]
          },
          "customer_name": {
            "x-errata": [
              "GL-17"
            ],
            "type": [
              "string",
              "null"
            ]
          }
        }
      },
      "ExpiringToken": {
        "x-errata": [
          "GL-07"
        ],
        "type": "object",
        "required": [
          "token",
          "expires"
        ],
        "properties": {
          "token": {
            "type": "string",
            "description": "Opaque. Visible ASCII, so that it fits into a header.",
            "pattern": "^[\\x21-\\x7E]+$"
          },
          "expires": {
            "x-errata": [
              "GL-08",
              "GL-23"
            ],
            "type": "string",
            "description": "An instant. No document of the vendor says whether it has a zone. Without one it is read as UTC, as the date-times of alerts are documented; a zone is accepted.",
            "pattern": "^\\d{4}-\\d{2}-\\d{2}[T ]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:?\\d{2})?$"
          }
        }
      },
      "CarrierRecommendations": {
        "type": "object",
        "required": [
          "real_time_locs",
          "recommendations"
        ],
        "properties": {
          "real_time_locs": {
            "x-errata": [
              "GL-25"
            ],
            "description": "A list in a third party's catalogue, a dictionary on the vendor's page.",
            "oneOf": [
              {
                "type": "array",
                "items": {
                  "$ref": "#/components/schemas/RealTimeLocation"
                }
              },
              {
                "type": "object"
              }
            ]
          },
          "recommendations": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/CarrierRecommendation"
            }
          }
        }
      },
      "RealTimeLocation": {
        "type": "object",
        "required": [
          "dot_number",
          "is_inbound"
        ],
        "properties": {
          "dot_number": {
            "type": "string"
          },
          "is_inbound": {
            "type": "boolean"
          },
          "current_lat": {
            "type": [
              "number",
              "null"
            ]
          },
          "current_lon": {
            "type": [
              "number",
              "null"
            ]
          }
        }
      },
      "CarrierRecommendation": {
        "x-errata": [
          "GL-32"
        ],
        "type": "object",
        "required": [
          "dot_number"
        ],
        "properties": {
          "dot_number": {
            "type": "string",
            "description": "USDOT number."
          },
          "mc_number": {
            "type": "number"
          },
          "legal_name": {
            "type": "string"
          },
          "dba_name": {
            "type": [
              "string",
              "null"
            ]
          },
          "phy_street": {
            "type": "string"
          },
          "phy_city": {
            "type": "string"
          },
          "phy_state": {
            "type": "string"
          },
          "phy_zip": {
            "type": "string"
          },
          "telephone": {
            "type": "string"
          },
          "email_address": {
            "type": "string"
          },
          "confirmed_email": {
            "x-errata": [
              "GL-34"
            ],
            "description": "By e-mail address.",
            "type": "object",
            "additionalProperties": {
              "$ref": "#/components/schemas/Confirmation"
            }
          },
          "confirmed_phone": {
            "x-errata": [
              "GL-34"
            ],
            "description": "By phone number.",
            "type": "object",
            "additionalProperties": {
              "$ref": "#/components/schemas/Confirmation"
            }
          },
          "add_date": {
            "type": "string"
          },
          "carried_cargo": {
            "type": "string"
          },
          "carrier_score_scaled": {
            "type": "number"
          },
          "carrier_total_power_units": {
            "type": "number"
          },
          "bipd_insurance_on_file": {
            "type": "number"
          },
          "cargo_insurance_on_file": {
            "type": "number"
          },
          "carrier_driver_oos_rate": {
            "type": "number",
            "description": "Rate at which drivers were put out of service."
          },
          "carrier_driver_oos_rate_national_avg": {
            "type": "number"
          },
          "carrier_vehicle_oos_rate": {
            "type": "number",
            "description": "Rate at which vehicles were put out of service."
          },
          "carrier_vehicle_oos_rate_national_avg": {
            "type": "number"
          },
          "is_inbound": {
            "type": "boolean"
          },
          "is_real_time": {
            "type": "boolean"
          },
          "is_visually_sighted": {
            "type": "boolean"
          },
          "is_possible_backhaul": {
            "type": "boolean"
          },
          "power_only": {
            "type": "boolean"
          },
          "lat": {
            "type": [
              "number",
              "null"
            ]
          },
          "lon": {
            "type": [
              "number",
              "null"
            ]
          },
          "broker_authority_status": {
            "type": "string"
          }
        }
      },
      "Confirmation": {
        "type": "object",
        "properties": {
          "add_date": {
            "type": "string"
          }
        }
      },
      "ValidationProblem": {
        "x-errata": [
          "GL-24"
        ],
        "type": "object",
        "required": [
          "detail"
        ],
        "properties": {
          "detail": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/ValidationError"
            }
          }
        }
      },
      "ValidationError": {
        "type": "object",
        "required": [
          "loc",
          "msg",
          "type"
        ],
        "properties": {
          "loc": {
            "type": "array",
            "items": {
              "type": [
                "string",
                "integer"
              ]
            }
          },
          "msg": {
            "type": "string"
          },
          "type": {
            "type": "string"
          }
        }
      },
      "Problem": {
        "description": "The shapes of error bodies, which differ from one group of endpoints to the next.",
        "anyOf": [
          {
            "$ref": "#/components/schemas/DetailProblem"
          },
          {
            "$ref": "#/components/schemas/MessageProblem"
          },
          {
            "$ref": "#/components/schemas/ErrorProblem"
          },
          {
            "type": "string"
          }
        ]
      },
      "DetailProblem": {
        "type": "object",
        "required": [
          "detail"
        ],
        "properties": {
          "detail": {
            "oneOf": [
              {
                "type": "string"
              },
              {
                "type": "object",
                "required": [
                  "message"
                ],
                "properties": {
                  "message": {
                    "type": "string"
                  },
                  "subcode": {
                    "type": [
                      "string",
                      "integer"
                    ]
                  }
                }
              },
              {
                "type": "array",
                "items": {
                  "$ref": "#/components/schemas/ValidationError"
                }
              }
            ]
          }
        }
      },
      "MessageProblem": {
        "type": "object",
        "required": [
          "message"
        ],
        "properties": {
          "message": {
            "type": "string"
          },
          "code": {
            "type": "integer"
          },
          "subcode": {
            "type": "integer"
          }
        }
      },
      "ErrorProblem": {
        "type": "object",
        "required": [
          "error"
        ],
        "properties": {
          "error": {
            "type": "string"
          }
        }
      }
    }
  }
};
