//! What a section of settings is, and the macro that makes one.

use super::Reader;

/// One variable, as it is documented.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name in the environment.
    pub name: &'static str,
    /// The value where it is not set.
    pub default: Option<&'static str>,
    /// What it means.
    pub doc: &'static str,
    /// Allowed values and unit, for people.
    pub form: fn() -> String,
    /// Never shown in faults, logs or examples.
    pub secret: bool,
}

/// A struct of settings that belong together.
pub trait Section: Sized {
    /// The heading in docs/CONFIGURATION.md.
    const TITLE: &'static str;
    /// Its variables, in order.
    const VARIABLES: &'static [Variable];

    /// Reads all of them; `None` when one is missing or faulty.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
}

/// Makes a [`Section`].
///
/// ```
/// valora_shared::section! {
///     /// Example settings.
///     pub struct Example("Example") {
///         /// How long to wait.
///         pub wait_ms: valora_shared::config::Bounded<1, 1000>, var "WAIT_MS" = "250";
///         /// Whom to call.
///         pub peer: Option<valora_shared::config::HttpOrigin>, var "PEER";
///     }
/// }
/// # use valora_shared::config::{Reader, Section};
/// let source = std::collections::HashMap::from([("WAIT_MS".to_owned(), "0".to_owned())]);
/// let mut reader = Reader::new(&source);
/// let example = Example::read(&mut reader);
/// let faults = reader.finish(example).map(|_| ()).unwrap_err();
/// assert_eq!(faults.to_string(), r#"WAIT_MS: "0" is not allowed: it must be an integer from 1 to 1000"#);
/// ```
#[macro_export]
macro_rules! section {
    ($(#[$meta:meta])* $vis:vis struct $name:ident ($title:literal) {
        $( $(#[doc = $doc:literal])+
           $field_vis:vis $field:ident : $type:ty, var $var:literal $(= $default:literal)? $(, $secret:ident)?; )*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        $vis struct $name {
            $( $(#[doc = $doc])+ #[doc = concat!(" (variable `", $var, "`)")] $field_vis $field: $type, )*
        }

        // For rules between variables: each asks for what it needs, so that a fault elsewhere hides none of them.
        impl $name {
            $(
                #[doc = concat!("What `", $var, "` says; `None` where that is faulty, which reading the section tells.")]
                $field_vis fn $field(reader: &$crate::config::Reader<'_>) -> Option<$type> {
                    reader.peek($var, $crate::section!(@default $($default)?))
                }
            )*
        }

        impl $crate::config::Section for $name {
            const TITLE: &'static str = $title;
            const VARIABLES: &'static [$crate::config::Variable] = &[$(
                $crate::config::Variable {
                    name: $var,
                    default: $crate::section!(@default $($default)?),
                    doc: concat!($($doc),+),
                    form: <$type as $crate::config::Setting>::form,
                    secret: $crate::section!(@secret $($secret)?),
                },
            )*];

            fn read(reader: &mut $crate::config::Reader<'_>) -> Option<Self> {
                let mut variables = Self::VARIABLES.iter();
                // Every variable is read before any is missed, so that all faults are found.
                $( let $field = variables.next().and_then(|variable| reader.read::<$type>(variable)); )*
                Some(Self { $( $field: $field?, )* })
            }
        }
    };
    (@default $default:literal) => { Some($default) };
    (@default) => { None };
    (@secret secret) => { true };
    (@secret) => { false };
}
