/**
 * Tells Stryker which literals are texts for people: those that contain a space, and the message of
 * a plain `Error`. No test should have to repeat them. All other literals are mutated, such as
 * codes, keys and names of grants: programs depend on those.
 */
import { declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";

/** @param {import("@stryker-mutator/api/ignore").NodePath} path */
function isText(path) {
  if (path.parentPath?.isNewExpression() && path.parent.callee.name === "Error") return true;
  if (path.isStringLiteral()) return path.node.value.includes(" ");
  return path.isTemplateLiteral() && path.node.quasis.some(({ value }) => value.raw.includes(" "));
}

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, "texts", {
    shouldIgnore: (path) => (isText(path) ? "a text for people" : undefined),
  }),
];
