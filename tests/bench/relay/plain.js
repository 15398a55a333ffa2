/**
 * What the relay is measured against: a Durable Object in plain JavaScript that stores what it gets and
 * then sends it to everybody, and tells everybody who is there when somebody comes. It checks nothing and
 * orders nothing.
 */

import { DurableObject } from "cloudflare:workers";

/** Bytes of what the relay says when somebody comes. */
const NOTICE = 24;

export class Plain extends DurableObject {
  constructor(context, env) {
    super(context, env);
    this.sql = context.storage.sql;
    this.sql.exec("create table if not exists event (seq integer primary key, body blob not null)");
  }

  fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    for (const socket of this.ctx.getWebSockets()) socket.send(new Uint8Array(NOTICE));
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(_socket, message) {
    this.sql.exec("insert into event (body) values (?)", message);
    for (const socket of this.ctx.getWebSockets()) socket.send(message);
  }

  webSocketClose() {}
}

export default {
  fetch: (request, env) => env.PLAIN.get(env.PLAIN.idFromName("one")).fetch(request),
};
