//! Looking after published versions, in the local directory.

mod list;
mod promote;
mod prune;
mod status;

use layerlock::{PublishSettings, Silent, UpkeepSettings};

use crate::helpers::Shop;

/// Both architectures of each layer are one name's versions.
const TWO_LAYERS: &str = "[tool.layerlock]\narchitecture = [\"x86_64\", \"arm64\"]\n\
                          [tool.layerlock.layers.a]\n[tool.layerlock.layers.b]\n\
                          [tool.layerlock.publish]\nname = \"{project}-{layer}\"\n";

fn publish(shop: &Shop) {
    publish_as(shop, "");
}

/// Another description is another version.
fn publish_as(shop: &Shop, description: &str) {
    let settings = PublishSettings {
        settings: shop.settings(),
        description: Some(description.to_owned()),
        ..PublishSettings::default()
    };
    assert_eq!(
        layerlock::publish(&settings, &Silent).unwrap().exit_code(),
        0
    );
}

fn upkeep(shop: &Shop) -> UpkeepSettings {
    UpkeepSettings {
        settings: shop.settings(),
        ..UpkeepSettings::default()
    }
}

fn published(count: usize, toml: &str) -> Shop {
    let shop = Shop::configured(toml);
    for number in 1..=count {
        publish_as(&shop, &number.to_string());
    }
    shop
}
