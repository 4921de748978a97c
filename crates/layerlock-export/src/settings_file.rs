/// The file of settings where there is no pyproject.toml to have them.
pub const SETTINGS_FILE: &str = "layerlock.toml";
