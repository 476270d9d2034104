//! The kinds of inbound messages: every type of Meta's, several of them in more than one shape.

macro_rules! kinds {
    ($( $(#[$meta:meta])* $kind:ident = $word:literal, )+) => {
        /// A kind of inbound message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum MessageKind {
            $( $(#[$meta])* $kind, )+
        }

        impl MessageKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$( Self::$kind, )+];

            /// Meta's type word.
            pub fn word(self) -> &'static str {
                match self {
                    $( Self::$kind => $word, )+
                }
            }
        }
    };
}

kinds! {
    /// A plain text.
    Text = "text",
    /// An answer to an earlier message.
    Reply = "text",
    /// Forwarded once or a few times.
    Forwarded = "text",
    /// Forwarded by very many.
    FrequentlyForwarded = "text",
    /// A question about a product of the catalogue.
    ProductInquiry = "text",
    /// Written after a tap on an ad.
    FromAd = "text",
    /// Written in a group.
    InGroup = "text",
    /// A picture.
    Image = "image",
    /// A film.
    Video = "video",
    /// A sound file.
    Audio = "audio",
    /// A sound recorded in the chat.
    VoiceNote = "audio",
    /// The same in on-premises days.
    LegacyVoice = "voice",
    /// A file.
    Document = "document",
    /// A sticker.
    Sticker = "sticker",
    /// A place.
    Location = "location",
    /// Address cards.
    Contacts = "contacts",
    /// The sender's own card, asked for by the business.
    RequestedContact = "contacts",
    /// An emoji on a message.
    Reaction = "reaction",
    /// The emoji taken back.
    ReactionRemoved = "reaction",
    /// A tap on a template's quick reply.
    Button = "button",
    /// A tap on a reply button.
    ButtonReply = "interactive",
    /// A row of a list.
    ListReply = "interactive",
    /// A flow that was filled in.
    FlowReply = "interactive",
    /// An address that was filled in.
    AddressReply = "interactive",
    /// Whether the business may call.
    CallPermission = "interactive",
    /// Meta could not read it; the change has `errors`.
    Unreadable = "interactive",
    /// A cart.
    Order = "order",
    /// The sender has a new number.
    ChangedNumber = "system",
    /// The sender has a new user id.
    ChangedUserId = "system",
    /// The sender has a new security code.
    ChangedIdentity = "system",
    /// Something Meta does not hand on.
    Unsupported = "unsupported",
    /// Content that is not available.
    Unavailable = "unsupported",
    /// The old word for it.
    LegacyUnknown = "unknown",
    /// A message deleted by its sender.
    Revoke = "revoke",
    /// A message changed by its sender.
    Edit = "edit",
    /// A chat opened for the first time.
    RequestWelcome = "request_welcome",
    /// A disappearing message of on-premises days.
    Ephemeral = "ephemeral",
    /// A type that Meta has not invented yet.
    Future = "hologram",
}
