//! Type `contacts`: address cards that someone shared.

use crate::json::object;
use crate::text::{Text, Token};

object! {
    /// One card.
    pub struct SharedContact<'a> {
        /// The names.
        pub name: Option<Name<'a>>,
        /// Phone numbers.
        pub phones: Vec<Phone<'a>>,
        /// Addresses of e-mail.
        pub emails: Vec<Email<'a>>,
        /// Postal addresses.
        pub addresses: Vec<Address<'a>>,
        /// Employer.
        pub org: Option<Organisation<'a>>,
        /// Web pages.
        pub urls: Vec<Url<'a>>,
        /// `YYYY-MM-DD`, as written.
        pub birthday: Option<Text<'a>>,
        /// The card as vCard; only for `origin` `other`.
        pub vcard: Option<Text<'a>>,
        /// `contact_request` (the person tapped REQUEST_CONTACT_INFO) or `other`.
        pub origin: Option<Text<'a>>,
    }

    /// Names of a person.
    pub struct Name<'a> {
        /// As it is to be shown.
        pub formatted_name: Option<Text<'a>>,
        /// Given name.
        pub first_name: Option<Text<'a>>,
        /// Family name.
        pub last_name: Option<Text<'a>>,
        /// Middle name.
        pub middle_name: Option<Text<'a>>,
        /// As in "Jr".
        pub suffix: Option<Text<'a>>,
        /// As in "Dr".
        pub prefix: Option<Text<'a>>,
    }

    /// A phone number.
    pub struct Phone<'a> {
        /// As written.
        pub phone: Option<Text<'a>>,
        /// The number on WhatsApp, if it has an account.
        pub wa_id: Option<Token<'a>>,
        /// HOME, WORK, MOBILE and so on.
        pub kind: Option<Text<'a>> = "type",
    }

    /// An address of e-mail.
    pub struct Email<'a> {
        /// The address.
        pub email: Option<Text<'a>>,
        /// HOME, WORK and so on.
        pub kind: Option<Text<'a>> = "type",
    }

    /// A postal address.
    pub struct Address<'a> {
        /// Street and house.
        pub street: Option<Text<'a>>,
        /// Town.
        pub city: Option<Text<'a>>,
        /// State or province.
        pub state: Option<Text<'a>>,
        /// Postal code.
        pub zip: Option<Token<'a>>,
        /// Country's name.
        pub country: Option<Text<'a>>,
        /// ISO code of the country.
        pub country_code: Option<Text<'a>>,
        /// HOME, WORK and so on.
        pub kind: Option<Text<'a>> = "type",
    }

    /// An employer.
    pub struct Organisation<'a> {
        /// Its name.
        pub company: Option<Text<'a>>,
        /// Part of it.
        pub department: Option<Text<'a>>,
        /// The person's post.
        pub title: Option<Text<'a>>,
    }

    /// A web page.
    pub struct Url<'a> {
        /// Its address.
        pub url: Option<Text<'a>>,
        /// HOME, WORK and so on.
        pub kind: Option<Text<'a>> = "type",
    }
}
