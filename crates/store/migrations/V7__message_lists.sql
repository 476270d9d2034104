-- What lists of messages are read along. In a file of its own, because building an index keeps writers out, and V6 would keep readers
-- out as well meanwhile. README.md tells how to build these beforehand on a table that is large.
--
-- None of them names status, delivered_at or read_at: an update that changes no indexed column can stay on its page, and those are the
-- updates that there are most of.

-- Messages of one business number, newest first. The only one that every insert pays for; it goes to one right edge for each number.
--
-- The collation is another name for that of the column, and sorts the same. It hides the index from everything that does not ask for
-- it by that name: what looks for a message by wamid and number must never take this one, which it would, for want of statistics, on
-- a new table or by an old plan; and then every batch would read all that a number has.
CREATE INDEX IF NOT EXISTS messages_number ON messages (phone_number_id COLLATE "POSIX", id);

-- Messages in one state other than sent, newest first: those that are under way, and those that need somebody.
CREATE INDEX IF NOT EXISTS messages_state ON messages (state COLLATE "C", id) WHERE state <> 'sent';

-- Every status but sent, delivered and read: what failed or was played, and what only a history says. NULLS FIRST means nothing for a
-- primary key; it is how a query says that it wants this order and not that of the primary key, whatever the planner thinks of it.
CREATE INDEX IF NOT EXISTS messages_rare_status ON messages (id NULLS FIRST)
    WHERE failed_at IS NOT NULL OR played_at IS NOT NULL OR origin = 'history';

-- With a person whom nobody has made a contact, because the account was not known: found by the phone number alone.
CREATE INDEX IF NOT EXISTS messages_no_contact ON messages (person_phone COLLATE "C", id)
    WHERE contact_id IS NULL AND person_phone IS NOT NULL;

-- Received long before they were stored, as after an outage: their id says little of when they were received. Lists up to a time look
-- here for what such a time would miss.
CREATE INDEX IF NOT EXISTS messages_late ON messages (received_at, id) WHERE created_at - received_at > interval '5 seconds';
