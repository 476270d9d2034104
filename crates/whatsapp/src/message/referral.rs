//! `referral`: the ad or post through which a person came. It may stand on a message of any type.

use super::Message;
use crate::json::object;
use crate::text::Text;

object! {
    /// Where the person came from.
    pub struct Referral<'a> {
        /// Link to the ad or post.
        pub source_url: Option<Text<'a>>,
        /// Its id.
        pub source_id: Option<Text<'a>>,
        /// `ad` or `post`.
        pub source_type: Option<Text<'a>>,
        /// Its headline.
        pub headline: Option<Text<'a>>,
        /// Its text.
        pub body: Option<Text<'a>>,
        /// `image` or `video`.
        pub media_type: Option<Text<'a>>,
        /// Its image.
        pub image_url: Option<Text<'a>>,
        /// Its video.
        pub video_url: Option<Text<'a>>,
        /// Its thumbnail.
        pub thumbnail_url: Option<Text<'a>>,
        /// Click id; omitted for WhatsApp Status placements.
        pub ctwa_clid: Option<Text<'a>>,
        /// The greeting that the ad showed.
        pub welcome_message: Option<WelcomeMessage<'a>>,
    }

    /// The greeting of an ad.
    pub struct WelcomeMessage<'a> {
        /// Its text.
        pub text: Option<Text<'a>>,
    }
}

impl<'a> Message<'a> {
    /// The ad or post through which the person came.
    pub fn referral(&self) -> Option<Referral<'a>> {
        self.member("referral")
    }
}
