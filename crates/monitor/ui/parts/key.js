// A key under which a change is made once, however often it is asked for. randomUUID is there only in what browsers call a secure
// context, which plain http to another host is not.
export function newKey(prefix) {
  const random = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0"));
  return `${prefix}-${random.join("")}`;
}
