// Clients of npm's socket.io-client.
//
// The argument is `{"clients": [{"name", "url", "token", "transports", "position"?}, …]}`. `token` may be a list: each connection takes the
// next one, and the last is used again. Prints a line for everything that a client is told (`client`, `name`, `data`), and ends when its
// input does. The client comes back by itself; what is here is what the documentation tells a front end to do: hand over the last position.
import { io } from "socket.io-client";

const { clients } = JSON.parse(process.argv[2]);

for (const { name: client, url, token, transports, position: start } of clients) {
  const say = (name, data) => process.stdout.write(`${JSON.stringify({ client, name, data })}\n`);
  const tokens = [token].flat();
  let position = start;
  const socket = io(url, {
    transports,
    forceNew: true,
    reconnectionDelay: 50,
    reconnectionDelayMax: 500,
    auth: (send) => send({ token: tokens.length > 1 ? tokens.shift() : tokens[0], position }),
  });
  socket.on("connect", () => say("open", { transport: socket.io.engine.transport.name }));
  socket.io.engine?.on("upgrade", (transport) => say("upgrade", { transport: transport.name }));
  socket.on("disconnect", (reason) => say("error", { reason }));
  socket.on("connect_error", (error) => {
    // While the server is away the client tries again by itself; what the server refuses it does not.
    if (socket.active) say("error", { reason: error.message });
    else say("refused", { message: error.message, ...error.data });
  });
  for (const kind of ["message", "status", "contact", "account", "position", "resync", "bye"]) {
    socket.on(kind, (data) => {
      if (data.position) position = data.position;
      say(kind, data);
    });
  }
}
process.stdin.on("end", () => process.exit(0)).resume();
