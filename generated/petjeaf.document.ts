// Generated from openapi/petjeaf.yaml by `npm run generate`. Do not edit.
export const document: Readonly<Record<string, unknown>> = {
  "openapi": "3.1.0",
  "info": {
    "title": "Petje.af",
    "version": "0.1.0",
    "summary": "Tokens, the current user and memberships of Petje.af, curated.",
    "description": "A corrected description of the part of the Petje.af API that a client needs to obtain a person's token, prove that it works, and give it back. One version of the vendor's pages names the hosts petje.af and api.petje.af, another petjeaf.com and api.petjeaf.com, and neither is dated. This document has the second pair; the overlay overlays/petjeaf-older-hosts.yaml puts the first in its place. An API host always goes with the authorization page of its own pair. Petje.af did not write this document. `x-errata` on a node lists what the vendor's documents get wrong there, by the ids of the entries in errata/petjeaf.yaml.",
    "contact": {
      "name": "Petje.af",
      "url": "https://docs.petje.af"
    },
    "license": {
      "name": "MIT",
      "identifier": "MIT"
    }
  },
  "externalDocs": {
    "description": "The vendor's own documentation, which this document corrects.",
    "url": "https://docs.petje.af"
  },
  "servers": [
    {
      "url": "https://api.petjeaf.com/v1",
      "x-errata": [
        "PJ-11"
      ],
      "description": "One of two versions of the vendor's pages. It is inferred to be the later one."
    }
  ],
  "tags": [
    {
      "name": "tokens",
      "description": "OAuth 2.0 tokens."
    },
    {
      "name": "users",
      "description": "The person who gave consent."
    },
    {
      "name": "memberships",
      "description": "That person's memberships."
    }
  ],
  "security": [
    {
      "oauth2": []
    }
  ],
  "paths": {
    "/oauth2/tokens": {
      "post": {
        "x-errata": [
          "PJ-05",
          "PJ-09",
          "PJ-16"
        ],
        "tags": [
          "tokens"
        ],
        "operationId": "createToken",
        "summary": "Exchange an authorization code or a refresh token for an access token",
        "description": "Form-encoded only. The client authenticates in the body.",
        "security": [
          {}
        ],
        "requestBody": {
          "required": true,
          "content": {
            "application/x-www-form-urlencoded": {
              "schema": {
                "oneOf": [
                  {
                    "$ref": "#/components/schemas/AuthorizationCodeGrant"
                  },
                  {
                    "$ref": "#/components/schemas/RefreshTokenGrant"
                  }
                ],
                "discriminator": {
                  "propertyName": "grant_type",
                  "mapping": {
                    "authorization_code": "#/components/schemas/AuthorizationCodeGrant",
                    "refresh_token": "#/components/schemas/RefreshTokenGrant"
                  }
                }
              },
              "examples": {
                "authorization_code": {
                  "value": {
                    "grant_type": "authorization_code",
                    "client_id": "example-client",
                    "client_secret": "not-a-real-secret",
                    "code": "example-code"
                  }
                },
                "refresh_token": {
                  "value": {
                    "grant_type": "refresh_token",
                    "client_id": "example-client",
                    "client_secret": "not-a-real-secret",
                    "refresh_token": "example-refresh-token"
                  }
                }
              }
            }
          }
        },
        "responses": {
          "200": {
            "description": "Tokens. Whether the refresh token replaces the earlier one is not documented.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/TokenResponse"
                },
                "example": {
                  "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6ImV4YW1wbGVVc2VyMDAwMDAwMDAwMDAwMDAwMSIsIm5hbWUiOiJFeGFtcGxlIFBlcnNvbiIsImVtYWlsIjoicGVyc29uQGV4YW1wbGUuY29tIn0.bm90IGEgc2lnbmF0dXJl",
                  "token_type": "Bearer",
                  "expires_in": 3599,
                  "refresh_token": "example-refresh-token",
                  "scope": "memberships.read"
                }
              }
            },
            "links": {
              "refresh": {
                "operationId": "createToken",
                "description": "The refresh token of this answer is the `refresh_token` of a request with `grant_type` `refresh_token`. A runtime expression can only be the whole body, so this link has none."
              }
            }
          },
          "400": {
            "x-errata": [
              "PJ-04"
            ],
            "description": "No tokens were created. The vendor's sample is of a code that is not valid; other causes are inferred.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                },
                "example": {
                  "status": 400,
                  "title": "Bad Request",
                  "detail": "Invalid grant: authorization code is invalid",
                  "_links": {
                    "documentation": {
                      "href": "https://docs.petje.af",
                      "type": "text/html"
                    }
                  }
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Other"
          }
        }
      },
      "delete": {
        "x-errata": [
          "PJ-12"
        ],
        "tags": [
          "tokens"
        ],
        "operationId": "revokeToken",
        "summary": "Revoke the access token that the request carries",
        "description": "Known from the vendor's own plugin, which does not look at the answer; no page describes the call. Whether the refresh token is revoked too is unknown.",
        "responses": {
          "200": {
            "description": "Revoked. Inferred: to the plugin, 200 is the only success of any call. The body is not known.",
            "content": {
              "application/json": {
                "schema": {},
                "example": {}
              }
            }
          },
          "204": {
            "description": "Revoked. Inferred: the vendor's PHP client accepts an empty body with a 204 only."
          },
          "default": {
            "$ref": "#/components/responses/Other"
          }
        }
      }
    },
    "/users/me": {
      "get": {
        "tags": [
          "users"
        ],
        "operationId": "getCurrentUser",
        "summary": "The person whose token this is",
        "description": "Known from the vendor's own plugin and OAuth provider. That it needs `profile.read`, the provider's default scope, is inferred.",
        "security": [
          {
            "oauth2": [
              "profile.read"
            ]
          }
        ],
        "responses": {
          "200": {
            "description": "That person.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/User"
                },
                "example": {
                  "id": "exampleUser0000000000000001",
                  "name": "Example Person",
                  "email": "person@example.com"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Other"
          }
        }
      }
    },
    "/memberships": {
      "get": {
        "tags": [
          "memberships"
        ],
        "operationId": "listMemberships",
        "summary": "The person's memberships",
        "security": [
          {
            "oauth2": [
              "memberships.read"
            ]
          }
        ],
        "parameters": [
          {
            "name": "pageId",
            "in": "query",
            "description": "Only memberships of this page.",
            "schema": {
              "type": "string",
              "minLength": 1
            },
            "example": "examplePage000000001"
          },
          {
            "name": "limit",
            "in": "query",
            "description": "At most so many.",
            "schema": {
              "type": "integer",
              "minimum": 1,
              "maximum": 250
            },
            "example": 50
          },
          {
            "x-errata": [
              "PJ-19"
            ],
            "name": "from",
            "in": "query",
            "description": "Id of the last item of the page before.",
            "schema": {
              "type": "string",
              "minLength": 1
            },
            "example": "exampleMembership001"
          }
        ],
        "responses": {
          "200": {
            "description": "One page of them.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/MembershipList"
                },
                "example": {
                  "count": 1,
                  "_embedded": {
                    "memberships": [
                      {
                        "resource": "memberships",
                        "id": "exampleMembership001",
                        "userId": "exampleUser0000000000000001",
                        "amount": 3,
                        "interval": "month",
                        "number": 200000001,
                        "pageId": "examplePage000000001",
                        "pageName": "Example page",
                        "pageSlug": "example",
                        "plan": "Example plan",
                        "planId": "examplePlan000000001",
                        "status": "active"
                      }
                    ]
                  },
                  "_links": {
                    "self": {
                      "href": "https://api.petje.af/memberships",
                      "type": "application/hal+json"
                    },
                    "next": null
                  }
                }
              }
            }
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
      "oauth2": {
        "x-errata": [
          "PJ-18"
        ],
        "type": "oauth2",
        "description": "The person gives consent on the authorization page and comes back to the redirect URI with `code` and `state`. The page takes `client_id`, `response_type=code`, `scope` (separated by spaces), `state` and, optionally, `redirect_uri` in its query string. The person may grant fewer scopes than were asked for.",
        "flows": {
          "authorizationCode": {
            "authorizationUrl": "https://petjeaf.com/oauth2/authorize",
            "tokenUrl": "https://api.petjeaf.com/v1/oauth2/tokens",
            "refreshUrl": "https://api.petjeaf.com/v1/oauth2/tokens",
            "scopes": {
              "profile.read": "The person's profile.",
              "memberships.read": "Memberships and their rewards.",
              "pages.read": "Pages, plans and rewards."
            }
          }
        }
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
      "Other": {
        "description": "Any answer that no document names.",
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
              "status": 401,
              "title": "Unauthorized",
              "detail": "The access token is invalid"
            }
          }
        }
      }
    },
    "schemas": {
      "AuthorizationCodeGrant": {
        "x-errata": [
          "PJ-02"
        ],
        "type": "object",
        "required": [
          "grant_type",
          "client_id",
          "client_secret",
          "code"
        ],
        "properties": {
          "grant_type": {
            "const": "authorization_code",
            "example": "authorization_code"
          },
          "client_id": {
            "type": "string",
            "minLength": 1,
            "example": "example-client"
          },
          "client_secret": {
            "type": "string",
            "format": "password",
            "minLength": 1,
            "example": "not-a-real-secret"
          },
          "code": {
            "type": "string",
            "format": "password",
            "minLength": 1,
            "description": "The code that came back to the redirect URI.",
            "example": "example-code"
          },
          "redirect_uri": {
            "x-errata": [
              "PJ-07"
            ],
            "type": "string",
            "format": "uri",
            "description": "Not in the vendor's table. RFC 6749 4.1.3 demands it when the authorization request had one.",
            "example": "https://app.example/callback"
          }
        },
        "additionalProperties": false
      },
      "RefreshTokenGrant": {
        "x-errata": [
          "PJ-02"
        ],
        "type": "object",
        "required": [
          "grant_type",
          "client_id",
          "client_secret",
          "refresh_token"
        ],
        "properties": {
          "grant_type": {
            "x-errata": [
              "PJ-01"
            ],
            "const": "refresh_token",
            "example": "refresh_token"
          },
          "client_id": {
            "type": "string",
            "minLength": 1,
            "example": "example-client"
          },
          "client_secret": {
            "type": "string",
            "format": "password",
            "minLength": 1,
            "example": "not-a-real-secret"
          },
          "refresh_token": {
            "x-errata": [
              "PJ-03"
            ],
            "type": "string",
            "format": "password",
            "minLength": 1,
            "example": "example-refresh-token"
          }
        },
        "additionalProperties": false
      },
      "TokenResponse": {
        "type": "object",
        "required": [
          "access_token"
        ],
        "properties": {
          "access_token": {
            "x-errata": [
              "PJ-08",
              "PJ-10",
              "PJ-20"
            ],
            "type": "string",
            "description": "A JWT with name, email and id. Of RFC 6750's b64token alphabet, so that it fits into a header.",
            "pattern": "^[A-Za-z0-9\\-._~+/]+=*$"
          },
          "token_type": {
            "type": "string",
            "pattern": "^[Bb][Ee][Aa][Rr][Ee][Rr]$"
          },
          "expires_in": {
            "type": "integer",
            "minimum": 1,
            "description": "Seconds."
          },
          "refresh_token": {
            "x-errata": [
              "PJ-06"
            ],
            "type": "string",
            "pattern": "^[\\x20-\\x7E]+$"
          },
          "scope": {
            "type": "string",
            "description": "Scopes that were granted, separated by spaces."
          },
          "error": {
            "type": "null",
            "description": "A 200 that holds an error is a failure."
          }
        }
      },
      "User": {
        "type": "object",
        "required": [
          "id"
        ],
        "properties": {
          "id": {
            "type": "string"
          },
          "name": {
            "type": "string"
          },
          "email": {
            "type": "string"
          }
        }
      },
      "MembershipList": {
        "type": "object",
        "required": [
          "_embedded"
        ],
        "properties": {
          "count": {
            "type": "integer",
            "description": "Whether of this page or of all is not documented."
          },
          "_embedded": {
            "type": "object",
            "required": [
              "memberships"
            ],
            "properties": {
              "memberships": {
                "type": "array",
                "items": {
                  "$ref": "#/components/schemas/Membership"
                }
              }
            }
          },
          "_links": {
            "type": "object",
            "properties": {
              "self": {
                "$ref": "#/components/schemas/Link"
              },
              "next": {
                "x-errata": [
                  "PJ-13"
                ],
                "description": "Null in the vendor's sample. That this is the last page is inferred. Page with `from` rather than with this address: the links of the sample name api.petje.af and lack `/v1`.",
                "oneOf": [
                  {
                    "$ref": "#/components/schemas/Link"
                  },
                  {
                    "type": "null"
                  }
                ]
              }
            }
          }
        }
      },
      "Membership": {
        "type": "object",
        "required": [
          "id"
        ],
        "properties": {
          "resource": {
            "type": "string"
          },
          "id": {
            "type": "string"
          },
          "userId": {
            "type": "string"
          },
          "amount": {
            "type": "number",
            "description": "Euro."
          },
          "interval": {
            "type": "string",
            "description": "month, year; other values have a label."
          },
          "intervalLabel": {
            "type": [
              "string",
              "null"
            ]
          },
          "number": {
            "type": "integer"
          },
          "pageId": {
            "type": "string"
          },
          "pageName": {
            "type": "string"
          },
          "pageSlug": {
            "type": "string"
          },
          "plan": {
            "type": "string",
            "description": "Name of the plan."
          },
          "planId": {
            "type": "string"
          },
          "status": {
            "type": "string",
            "description": "To the vendor's plugin, active, active_end, active_end_month and active_end_year are active."
          }
        }
      },
      "Link": {
        "type": "object",
        "required": [
          "href"
        ],
        "properties": {
          "href": {
            "type": "string"
          },
          "type": {
            "type": "string"
          }
        }
      },
      "Problem": {
        "x-errata": [
          "PJ-15"
        ],
        "description": "What the vendor's own clients read. No media type is documented.",
        "anyOf": [
          {
            "$ref": "#/components/schemas/DetailProblem"
          },
          {
            "$ref": "#/components/schemas/MessageProblem"
          },
          {
            "$ref": "#/components/schemas/OAuthProblem"
          }
        ]
      },
      "DetailProblem": {
        "type": "object",
        "required": [
          "detail"
        ],
        "properties": {
          "status": {
            "type": "integer"
          },
          "title": {
            "type": "string"
          },
          "detail": {
            "type": "string"
          },
          "field": {
            "type": "string"
          },
          "_links": {
            "type": "object",
            "properties": {
              "documentation": {
                "$ref": "#/components/schemas/Link"
              }
            }
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
          }
        }
      },
      "OAuthProblem": {
        "type": "object",
        "required": [
          "error"
        ],
        "properties": {
          "error": {
            "type": "string"
          },
          "error_description": {
            "type": "string"
          },
          "error_uri": {
            "type": "string"
          }
        }
      }
    }
  }
};
