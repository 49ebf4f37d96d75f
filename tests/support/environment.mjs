/**
 * Node's environment, and the diagnostics channel held for as long as the worker lives: each suite
 * loads the package anew and lets go of it in the end, after which Node 20 may lose the subscribers
 * of the next suite (see src/events.ts).
 */
import { channel } from "node:diagnostics_channel";
import { TestEnvironment } from "jest-environment-node";

const held = channel("corrigenda:event");

export default class extends TestEnvironment {
  held = held;
}
