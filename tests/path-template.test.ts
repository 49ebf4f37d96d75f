/**
 * A client finds the path template of a URL without a regular expression that is made from the
 * template.
 */
import { parsePathTemplate } from "../src/http/path-template.ts";

test.each([
  ["/projects/", "/projects/", []],
  ["/projects/", "/projects", undefined],
  ["/projects/{name}/", "/projects/a%2Fb/", ["a%2Fb"]],
  ["/projects/{name}/", "/projects//", undefined],
  ["/projects/{name}", "/projects/a/b", undefined],
  ["/a/{x}/b/{y}", "/a/1/b/2", ["1", "2"]],
  ["/a/{x}/b/{y}", "/a/1/c/2", undefined],
  ["/v{major}.{minor}/x", "/v1.20/x", ["1", "20"]],
  ["/v{major}.{minor}/x", "/v1./x", undefined],
  ["/v{major}.{minor}/x", "/v.1/x", undefined],
  ["/{file}.json", "/a.json.json", ["a.json"]],
  ["/{file}.json", "/.json", undefined],
  ["/a+b/(c)", "/a+b/(c)", []],
  ["/a+b", "/aab", undefined],
  ["GET /{id}", "GET /1", ["1"]],
])("%s against %s", (template, path, values) => {
  expect(parsePathTemplate(template).match(path)).toEqual(values);
});

test("the names are in order", () => {
  expect(parsePathTemplate("/a/{x}/v{major}.{minor}").names).toEqual(["x", "major", "minor"]);
});
