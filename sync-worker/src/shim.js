/**
 * What workerd loads: makes the instance of the relay's wasm and shows it the two entrances.
 * It holds no rule. A trap in the wasm resets the object it happened in, sockets included.
 */

import { DurableObject } from "cloudflare:workers";
import * as bindings from "./relay_bg.js";
import module from "./relay_bg.wasm";

const instance = new WebAssembly.Instance(module, { "./relay_bg.js": bindings });
bindings.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start?.();

/** One notebook's relay. */
export class Notebook extends DurableObject {
  #relay;

  constructor(context, env) {
    super(context, env);
    this.#relay = new bindings.Notebook(context, env);
  }

  fetch(request) {
    return this.#guard(() => this.#relay.fetch(request));
  }

  webSocketMessage(socket, message) {
    return this.#guard(() => this.#relay.webSocketMessage(socket, message));
  }

  webSocketClose(socket, code, reason, wasClean) {
    return this.#guard(() => this.#relay.webSocketClose(socket, code, reason, wasClean));
  }

  webSocketError(socket, error) {
    return this.#guard(() => this.#relay.webSocketError(socket, error));
  }

  async #guard(act) {
    try {
      return await act();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.ctx.abort("the relay stopped");
      throw error;
    }
  }
}

export default {
  fetch: (request, env, context) => bindings.fetch(request, env, context),
};
