//! A fake Meta to develop and test against: composes, signs and sends webhooks.
