//! One list of members makes a type, its writer and its reader, so the three cannot differ.

/// An object inside a record: members in ascending order of their keys, and no others.
macro_rules! object {
    (
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$member_doc:meta])* $member:ident: $type:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $($(#[$member_doc])* pub $member: $type,)* }

        impl $crate::field::Field for $name {
            fn write(&self, json: $crate::JsonWriter<'_>, memo: &mut $crate::field::Memo) {
                json.object(|object| {
                    $($crate::field::Field::write(
                        &self.$member, object.member(stringify!($member)), memo,
                    );)*
                });
            }

            fn read(
                json: &mut $crate::canonical::JsonReader<'_>,
                memo: &mut $crate::field::Memo,
            ) -> Result<Self, $crate::LineageError> {
                let mut object = json.object()?;
                $(let $member = $crate::field::Field::read(object.member(stringify!($member))?, memo)
                    .map_err(|error| error.in_member(stringify!($member)))?;)*
                object.end()?;
                Ok(Self { $($member,)* })
            }
        }
    };
}

/// The body of a record: its members in ascending order, with `=` before those of the envelope.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident = $kind:literal {
            $($(= $envelope:ident)? $($(#[$member_doc:meta])* $member:ident: $type:ty)?,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $($($(#[$member_doc])* pub $member: $type,)?)* }

        impl $crate::record::Body for $name {
            const KIND: &'static str = $kind;

            fn write(
                &self,
                envelope: &$crate::record::Envelope,
                json: $crate::JsonWriter<'_>,
                memo: &mut $crate::field::Memo,
            ) {
                json.object(|object| {$(
                    $(envelope.$envelope(object, $kind, memo);)?
                    $($crate::field::Field::write(
                        &self.$member, object.member(stringify!($member)), memo,
                    );)?
                )*});
            }

            fn read(
                json: &mut $crate::canonical::JsonReader<'_>,
                memo: &mut $crate::field::Memo,
            ) -> Result<($crate::record::Envelope, Self), $crate::LineageError> {
                let mut object = json.object()?;
                let mut envelope = $crate::record::EnvelopeReader::default();
                $(
                    $(envelope.$envelope(&mut object, $kind, memo)?;)?
                    $(let $member = $crate::field::Field::read(object.member(stringify!($member))?, memo)
                        .map_err(|error| error.in_member(stringify!($member)))?;)?
                )*
                object.end()?;
                Ok((envelope.finish()?, Self { $($($member,)?)* }))
            }
        }
    };
}

pub(crate) use {object, record};
