// A CommonJS module in TypeScript, which gets the entries by require().
import corrigenda = require("corrigenda");
import apinizer = require("corrigenda/apinizer");
import kit = require("corrigenda/kit");

const { CorrigendaError } = corrigenda;
const options = { managerUrl: "https://manager.example", token: "not-a-real-token" };
const client: corrigenda.ApinizerClient = apinizer.createApinizerClient(options);
const again: apinizer.ApinizerClient = kit.createClient(apinizer.apinizer, options);
export = { CorrigendaError, clients: [client, again] };
