// Generated from openapi/genlogs.yaml by `npm run generate`. Do not edit.
import type { ProviderMeta } from "../src/provider.ts";

export const meta: ProviderMeta = {
  "servers": [
    {
      "url": "https://api.genlogs.io"
    }
  ],
  "schemes": {
    "apiKey": {
      "header": "x-api-key"
    },
    "accessToken": {
      "header": "Access-Token"
    }
  },
  "security": [
    "apiKey",
    "accessToken"
  ],
  "operations": {
    "POST /auth/token": {
      "id": "createToken",
      "security": [
        "apiKey"
      ],
      "request": "application/json",
      "response": "application/json"
    },
    "POST /auth/token/refresh": {
      "id": "refreshToken",
      "security": [
        "apiKey"
      ],
      "response": "application/json"
    },
    "GET /carrier/recommendations": {
      "id": "getCarrierRecommendations",
      "security": [
        "apiKey",
        "accessToken"
      ],
      "response": "application/json"
    }
  }
};
