// Preloaded into a README example: the vendors' addresses lead to the sandbox, and the example
// stays as it is printed.
const map = JSON.parse(process.env.SANDBOX_MAP ?? "{}");
const { fetch } = globalThis;
globalThis.fetch = (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  const vendor = Object.keys(map).find((host) => url.startsWith(host));
  if (vendor === undefined) return fetch(input, init);
  const target = map[vendor] + url.slice(vendor.length);
  return fetch(input instanceof Request ? new Request(target, input) : target, init);
};
