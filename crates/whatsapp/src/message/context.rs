//! `context`: what a message answers, and whether it was forwarded.

use crate::json::object;
use crate::text::Text;

object! {
    /// A reply and a tap have `from` and `id`; a forwarded message has neither.
    pub struct Context<'a> {
        /// Who wrote the message that is answered.
        pub from: Option<Text<'a>>,
        /// The same by business-scoped user id.
        pub from_user_id: Option<Text<'a>>,
        /// Its wamid.
        pub id: Option<Text<'a>>,
        /// Up to five hops.
        pub forwarded: Option<bool>,
        /// More than five hops.
        pub frequently_forwarded: Option<bool>,
        /// The product that a question is about.
        pub referred_product: Option<Box<ReferredProduct<'a>>>,
    }

    /// A product of the business's catalogue.
    pub struct ReferredProduct<'a> {
        /// The catalogue.
        pub catalog_id: Option<Text<'a>>,
        /// The business's own id of the product.
        pub product_retailer_id: Option<Text<'a>>,
    }
}
