"""Gives the admin plane something to tell: messages that were sent, and some that are dead letters."""

import ready

NUMBER = "106540352242922"
SENT = 25
DEAD = 5
# Meta's code for a message that cannot be delivered; trying again does not help.
UNDELIVERABLE = 131026


def main():
    up = ready.from_arguments()
    fault = {"when": {"recipient": recipient(0)}, "what": {"error": {"code": UNDELIVERABLE}}}
    ready.call("PUT", f"{up.sandbox_url}/faults", [fault])
    for index in range(SENT + DEAD):
        message = {
            "from": NUMBER,
            "to": "+" + recipient(max(0, index + 1 - DEAD)),
            "type": "text",
            "text": {"body": f"Message {index}"},
        }
        ready.call("POST", f"{up.send_url}/v1/messages", message, token=up.send_key)

    def all_done() -> bool:
        queue = up.admin("/v1/queues/stats")["message"]
        return (queue["completed"], queue["dead"]) == (SENT, DEAD)

    ready.eventually(f"{SENT} messages are sent and {DEAD} are dead letters", all_done)

    def all_known() -> bool:
        return len(up.admin("/v1/messages?page_size=500&direction=out")["messages"]) == SENT + DEAD

    ready.eventually("all messages are in Postgres", all_known)


def recipient(index: int) -> str:
    return f"4915110000{index:03}"


if __name__ == "__main__":
    main()
