// Generated from openapi/apinizer.yaml by `npm run generate`. Do not edit.
export const document: Readonly<Record<string, unknown>> = {
  "openapi": "3.1.0",
  "info": {
    "title": "Apinizer Management API",
    "version": "0.1.0",
    "summary": "Tokens, projects and the health check of a self-hosted Apinizer manager, curated.",
    "description": "A corrected description of the part of the manager's API that a client needs to obtain a token and prove that it works. This is the manager (`/apiops`), not the gateway, which has token services of its own on another server. Paths keep their trailing slash exactly as documented: some have one, some have none. What the manager makes of the other form is not known. Apinizer did not write this document. `x-errata` on a node lists what the vendor's documents get wrong there, by the ids of the entries in errata/apinizer.yaml.",
    "contact": {
      "name": "Apinizer",
      "url": "https://docs.apinizer.com"
    },
    "license": {
      "name": "MIT",
      "identifier": "MIT"
    }
  },
  "externalDocs": {
    "description": "The vendor's own documentation, which this document corrects.",
    "url": "https://docs.apinizer.com"
  },
  "servers": [
    {
      "url": "{managerUrl}/apiops",
      "x-errata": [
        "AP-08"
      ],
      "description": "The manager is self-hosted; there is no common host. `managerUrl` is the URL of its console, without a slash at the end.",
      "variables": {
        "managerUrl": {
          "default": "https://manager.example.com"
        }
      }
    }
  ],
  "tags": [
    {
      "name": "auth",
      "description": "Personal API access tokens."
    },
    {
      "name": "projects",
      "description": "Projects."
    },
    {
      "name": "test",
      "description": "Liveness."
    }
  ],
  "security": [
    {
      "bearer": []
    }
  ],
  "paths": {
    "/auth/token": {
      "x-errata": [
        "AP-14"
      ],
      "post": {
        "x-errata": [
          "AP-01",
          "AP-06",
          "AP-09",
          "AP-24"
        ],
        "tags": [
          "auth"
        ],
        "operationId": "createToken",
        "summary": "Obtain a token with a user's name and password",
        "description": "OAuth 2.0 client credentials in form, with a console user's name as `client_id` and their password as `client_secret`. Needs no token. Form-encoded only: the JSON on the vendor's page shows the same data, and not a body that may be sent.",
        "security": [
          {}
        ],
        "requestBody": {
          "x-errata": [
            "AP-03",
            "AP-26"
          ],
          "required": true,
          "content": {
            "application/x-www-form-urlencoded": {
              "schema": {
                "$ref": "#/components/schemas/TokenRequest"
              },
              "example": {
                "grant_type": "client_credentials",
                "client_id": "example_user",
                "client_secret": "not-a-real-password"
              }
            }
          }
        },
        "responses": {
          "200": {
            "description": "A token.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/TokenResponse"
                },
                "example": {
                  "access_token": "apnz_example-access-token",
                  "token_type": "Bearer",
                  "expires_in": 3600
                }
              }
            }
          },
          "400": {
            "description": "The request is malformed, or the grant type is not `client_credentials`.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                },
                "example": {
                  "error": "unsupported_grant_type",
                  "error_description": "GrantType value must be client_credentials!"
                }
              }
            }
          },
          "401": {
            "x-errata": [
              "AP-05",
              "AP-13"
            ],
            "description": "Name or password is wrong, or the account is disabled or locked.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                },
                "example": {
                  "error": "unauthorized_client",
                  "error_description": "Bad credentials"
                }
              }
            }
          },
          "429": {
            "$ref": "#/components/responses/TooMany"
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
    "/projects/": {
      "get": {
        "x-errata": [
          "AP-23"
        ],
        "tags": [
          "projects"
        ],
        "operationId": "listProjects",
        "summary": "The projects that the user belongs to",
        "responses": {
          "200": {
            "description": "All of them; the list is not paged and may be empty.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/ProjectList"
                },
                "example": {
                  "status": "SUCCESS",
                  "resultList": [
                    {
                      "name": "ExampleProject",
                      "description": "A project"
                    }
                  ],
                  "resultCount": 1
                }
              }
            }
          },
          "400": {
            "description": "Refused. By a page on errors in general, for a missing permission too.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                },
                "example": {
                  "status": "FAILURE",
                  "resultMessage": "User does not have required permission for this operation!"
                }
              }
            }
          },
          "401": {
            "description": "The token is missing, wrong, expired or revoked.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                },
                "example": {
                  "status": "FAILURE",
                  "resultMessage": "Token was expired!"
                }
              }
            }
          },
          "403": {
            "x-errata": [
              "AP-19"
            ],
            "description": "A permission is missing, by a page of 2025 on errors in general and two of 2026 on other operations.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                },
                "example": {
                  "error": "forbidden",
                  "error_description": "Permission required"
                }
              }
            }
          },
          "429": {
            "$ref": "#/components/responses/TooMany"
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
    "/test/healthcheck": {
      "x-errata": [
        "AP-14"
      ],
      "get": {
        "tags": [
          "test"
        ],
        "operationId": "getHealth",
        "summary": "Is the manager alive",
        "description": "Needs no token.",
        "security": [
          {}
        ],
        "responses": {
          "200": {
            "description": "It is.",
            "content": {
              "text/plain": {
                "schema": {
                  "type": "string"
                },
                "example": "OK"
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
      "bearer": {
        "x-errata": [
          "AP-25"
        ],
        "type": "http",
        "scheme": "bearer",
        "description": "A token of `/auth/token`, or one created by hand in the console under My Profile."
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
      "TooMany": {
        "x-errata": [
          "AP-18"
        ],
        "description": "Too many requests. The older documents show the body without a status, and the newer ones have neither. The status is inferred.",
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
              "error": "rate_limit_exceeded",
              "error_description": "Too many requests",
              "retry_after": 60
            }
          }
        }
      },
      "Failed": {
        "x-errata": [
          "AP-05"
        ],
        "description": "A fault on the server.",
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/Problem"
            },
            "example": {
              "error": "server_error",
              "error_description": "An unexpected error occurred"
            }
          }
        }
      },
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
              "status": "FAILURE",
              "resultMessage": "Not found"
            }
          }
        }
      }
    },
    "schemas": {
      "TokenRequest": {
        "oneOf": [
          {
            "$ref": "#/components/schemas/ClientCredentialsGrant"
          }
        ]
      },
      "ClientCredentialsGrant": {
        "x-errata": [
          "AP-02"
        ],
        "type": "object",
        "required": [
          "grant_type",
          "client_id",
          "client_secret"
        ],
        "properties": {
          "grant_type": {
            "const": "client_credentials",
            "example": "client_credentials"
          },
          "client_id": {
            "type": "string",
            "minLength": 1,
            "description": "Name of a console user.",
            "example": "example_user"
          },
          "client_secret": {
            "type": "string",
            "format": "password",
            "minLength": 1,
            "description": "That user's password.",
            "example": "not-a-real-password"
          }
        },
        "additionalProperties": false
      },
      "TokenResponse": {
        "x-errata": [
          "AP-16"
        ],
        "type": "object",
        "required": [
          "access_token"
        ],
        "properties": {
          "access_token": {
            "x-errata": [
              "AP-07"
            ],
            "type": "string",
            "description": "Opaque, of RFC 6750's b64token alphabet. By one guide, staff tokens usually begin with `apnz_`. The JWT of the vendor's sample is the stock example of a JWT site.",
            "pattern": "^[A-Za-z0-9\\-._~+/]+=*$"
          },
          "token_type": {
            "x-errata": [
              "AP-12"
            ],
            "type": "string",
            "description": "Absent from the schema in openapi.yaml; `Bearer` is assumed then.",
            "pattern": "^[Bb][Ee][Aa][Rr][Ee][Rr]$"
          },
          "expires_in": {
            "x-errata": [
              "AP-04",
              "AP-11"
            ],
            "type": "integer",
            "description": "A lifetime in seconds by the API reference, in milliseconds by the gateway's guide; an epoch in milliseconds by an older manual. Below 1,000,000 it is read as seconds; from there on as an epoch if it lies between a day ago and ten years ahead, else as milliseconds. Absent, zero or negative: the token has no known expiry."
          },
          "error": {
            "x-errata": [
              "AP-20"
            ],
            "type": "null",
            "description": "A 200 that holds an error is a failure."
          }
        }
      },
      "ProjectList": {
        "type": "object",
        "properties": {
          "status": {
            "x-errata": [
              "AP-21"
            ],
            "const": "SUCCESS",
            "description": "A 200 with another one is a failure."
          },
          "success": {
            "x-errata": [
              "AP-17"
            ],
            "const": true,
            "description": "Printed instead of `status` on many pages of other operations."
          },
          "resultMessage": {
            "type": [
              "string",
              "null"
            ]
          },
          "resultCount": {
            "type": [
              "integer",
              "null"
            ]
          },
          "resultList": {
            "type": [
              "array",
              "null"
            ],
            "items": {
              "$ref": "#/components/schemas/Project"
            }
          }
        }
      },
      "Project": {
        "type": "object",
        "required": [
          "name"
        ],
        "properties": {
          "name": {
            "type": "string"
          },
          "description": {
            "type": [
              "string",
              "null"
            ]
          },
          "id": {
            "type": "string"
          },
          "relativePath": {
            "type": [
              "string",
              "null"
            ]
          },
          "enableRelativePath": {
            "type": "boolean"
          },
          "tags": {
            "type": [
              "array",
              "null"
            ],
            "items": {
              "type": "string"
            }
          }
        }
      },
      "Problem": {
        "x-errata": [
          "AP-13",
          "AP-22"
        ],
        "description": "The token endpoint speaks OAuth; everything else, and in one document the token endpoint too, an envelope.",
        "anyOf": [
          {
            "$ref": "#/components/schemas/OAuthProblem"
          },
          {
            "$ref": "#/components/schemas/Failure"
          }
        ]
      },
      "OAuthProblem": {
        "x-errata": [
          "AP-10"
        ],
        "type": "object",
        "required": [
          "error"
        ],
        "properties": {
          "error": {
            "type": "string"
          },
          "error_description": {
            "type": [
              "string",
              "null"
            ]
          },
          "retry_after": {
            "type": "integer",
            "minimum": 0,
            "description": "Seconds."
          }
        }
      },
      "Failure": {
        "type": "object",
        "required": [
          "status"
        ],
        "properties": {
          "status": {
            "const": "FAILURE"
          },
          "resultMessage": {
            "type": [
              "string",
              "null"
            ]
          }
        }
      }
    }
  }
};
