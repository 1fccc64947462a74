//! Models: the wire, failure classes, prices; scripted and recorded models.
