// Generated from openapi/apinizer.yaml by `npm run generate`. Do not edit.
import type { ProviderMeta } from "../src/provider.ts";

export const meta: ProviderMeta = {
  "servers": [
    {
      "url": "{managerUrl}/apiops",
      "variables": {
        "managerUrl": "https://manager.example.com"
      }
    }
  ],
  "schemes": {
    "bearer": {
      "header": "Authorization",
      "prefix": "Bearer "
    }
  },
  "security": [
    "bearer"
  ],
  "operations": {
    "POST /auth/token": {
      "id": "createToken",
      "security": [],
      "request": "application/x-www-form-urlencoded",
      "response": "application/json"
    },
    "GET /projects/": {
      "id": "listProjects",
      "security": [
        "bearer"
      ],
      "response": "application/json"
    },
    "GET /test/healthcheck": {
      "id": "getHealth",
      "security": [],
      "response": "text/plain"
    }
  }
};
