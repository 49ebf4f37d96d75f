// Generated from openapi/petjeaf.yaml by `npm run generate`. Do not edit.
import type { ProviderMeta } from "../src/provider.ts";

export const meta: ProviderMeta = {
  "servers": [
    {
      "url": "https://api.petjeaf.com/v1",
      "authorizationUrl": "https://petjeaf.com/oauth2/authorize"
    },
    {
      "url": "https://api.petje.af/v1",
      "authorizationUrl": "https://petje.af/oauth2/authorize"
    }
  ],
  "schemes": {
    "oauth2": {
      "header": "Authorization",
      "prefix": "Bearer "
    }
  },
  "security": [
    "oauth2"
  ],
  "operations": {
    "POST /oauth2/tokens": {
      "id": "createToken",
      "security": [],
      "request": "application/x-www-form-urlencoded",
      "response": "application/json"
    },
    "DELETE /oauth2/tokens": {
      "id": "revokeToken",
      "security": [
        "oauth2"
      ],
      "response": "application/json",
      "success": [
        "200",
        "204"
      ]
    },
    "GET /users/me": {
      "id": "getCurrentUser",
      "security": [
        "oauth2"
      ],
      "response": "application/json"
    },
    "GET /memberships": {
      "id": "listMemberships",
      "security": [
        "oauth2"
      ],
      "response": "application/json"
    }
  }
};
