import js from "@eslint/js";
import stylistic from "@stylistic/eslint-plugin";
import regexp from "eslint-plugin-regexp";
import tseslint from "typescript-eslint";
import { rooms } from "./scripts/rooms.js";

export default tseslint.config(
  {
    ignores: [
      "dist",
      "coverage",
      "generated",
      "tests/package",
      "tests/fixtures",
      "scripts/independent/consumer",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["*.js", "tests/support/*.mjs"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/only-throw-error": "off",
      "@typescript-eslint/prefer-promise-reject-errors": "off",
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/no-dynamic-delete": "off",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
    },
  },
  {
    files: ["src/**/*.ts"],
    plugins: { corrigenda: { rules: { rooms } } },
    rules: {
      "corrigenda/rooms": "error",
      // A reader can take in a file or a function of this length. Comments and blank lines count.
      "max-lines": ["error", { max: 250 }],
      "max-lines-per-function": ["error", { max: 60, IIFEs: true }],
    },
  },
  {
    // Prettier wraps code. It does not wrap comments.
    plugins: { "@stylistic": stylistic },
    rules: {
      "@stylistic/max-len": [
        "error",
        {
          code: 100,
          ignoreUrls: true,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
          ignoreRegExpLiterals: true,
        },
      ],
    },
  },
  {
    // A vendor's text must not be able to keep the process busy: patterns take linear time, and no
    // pattern is made of data.
    files: ["src/**/*.ts"],
    plugins: { regexp },
    rules: {
      "regexp/no-super-linear-backtracking": ["error", { report: "potential" }],
      "regexp/no-super-linear-move": ["error", { report: "potential" }],
      "no-restricted-syntax": [
        "error",
        {
          selector: ":matches(NewExpression, CallExpression)[callee.name='RegExp']",
          message: "A pattern that is made of data may take long, and its errors quote the data.",
        },
        {
          selector: "MemberExpression[object.name='URL'][property.name='canParse']",
          message: "URL.canParse is wrong about some addresses on Node 20 and 22: use parseUrl.",
        },
      ],
    },
  },
  {
    files: ["tests/**"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-meaningless-void-operator": "off",
    },
  },
  {
    files: ["**/*.mjs"],
    languageOptions: { globals: { process: "readonly", Request: "readonly" } },
  },
  { files: ["**/*.js", "**/*.mjs"], ...tseslint.configs.disableTypeChecked },
);
