-- Who is who. A contact is a key of our own; every name that WhatsApp has for a person is a row beside it.
CREATE TABLE contacts (
    id          uuid PRIMARY KEY,
    scope       text NOT NULL,
    name        text,
    name_at     timestamptz,
    book_name   text,
    merged_into uuid,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Followed when a survivor is merged in turn.
CREATE INDEX contacts_merged_into ON contacts (merged_into) WHERE merged_into IS NOT NULL;

-- Ids are compared byte by byte (COLLATE "C") here and everywhere: several times faster than by the rules of a language.
CREATE TABLE contact_identifiers (
    scope      text COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    value      text COLLATE "C" NOT NULL,
    contact_id uuid NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz
);

-- One holder at a time: this index decides every race between workers. The value stands first because it differs first.
CREATE UNIQUE INDEX contact_identifiers_active ON contact_identifiers (value, kind, scope) WHERE valid_to IS NULL;
-- Who held it before, for messages that arrive late.
CREATE INDEX contact_identifiers_closed ON contact_identifiers (value, kind, scope, valid_to) WHERE valid_to IS NOT NULL;
-- The last change of all: for what was said after it there is no need to look.
CREATE INDEX contact_identifiers_valid_to ON contact_identifiers (valid_to) WHERE valid_to IS NOT NULL;
CREATE INDEX contact_identifiers_contact ON contact_identifiers (contact_id);
