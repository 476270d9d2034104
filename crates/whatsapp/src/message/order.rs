//! Type `order`: a cart that was sent.

use crate::json::object;
use crate::text::Text;

object! {
    /// What was ordered.
    pub struct Order<'a> {
        /// The catalogue.
        pub catalog_id: Option<Text<'a>>,
        /// The note that came with it.
        pub text: Option<Text<'a>>,
        /// The cart.
        pub product_items: Vec<ProductItem<'a>>,
    }

    /// One line of the cart.
    pub struct ProductItem<'a> {
        /// The business's own id of the product.
        pub product_retailer_id: Option<Text<'a>>,
        /// How many.
        pub quantity: Option<i64>,
        /// Price of one; Meta sends whole numbers and fractions.
        pub item_price: Option<f64>,
        /// ISO code.
        pub currency: Option<Text<'a>>,
    }
}
