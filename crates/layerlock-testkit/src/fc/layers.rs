//! The operations of Function Compute, API 2023-03-30.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::asked::{Asked, Reply, decoded};
use super::state::{FcVersion, Layer, State};

/// What a request may carry, and what a bucket may bring.
const LARGEST_SENT: usize = 100 << 20;
const LARGEST_STORED: usize = 500 << 20;

/// All that a version may be for.
const RUNTIMES: [&str; 20] = [
    "custom",
    "custom.debian10",
    "custom.debian11",
    "custom.debian12",
    "custom-container",
    "nodejs12",
    "nodejs14",
    "nodejs16",
    "nodejs18",
    "nodejs20",
    "python3",
    "python3.9",
    "python3.10",
    "python3.12",
    "java8",
    "java11",
    "php7.2",
    "go1",
    "dotnetcore3.1",
    "dotnetcore2.1",
];

fn argument(message: &str) -> Reply {
    Reply::error(400, "InvalidArgument", message)
}

fn no_layer(name: &str) -> Reply {
    let message = format!("layer '{name}' does not exist");
    Reply::error(404, "LayerNotFound", &message)
}

/// `[a-zA-Z][_a-zA-Z0-9-]+` and at most 64 characters.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=64).contains(&name.len())
        && name.bytes().all(allowed)
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
}

impl State {
    pub(super) fn function_compute(&mut self, asked: &Asked<'_>) -> Reply {
        if let Err(refused) = self.verify_acs3(asked) {
            return refused;
        }
        let path = asked.path.trim_start_matches("/2023-03-30/");
        let parts: Vec<String> = path.split('/').map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let action = match (asked.method, &parts[..]) {
            ("POST", ["layers", _, "versions"]) => "CreateLayerVersion",
            ("GET", ["layers", _, "versions"]) => "ListLayerVersions",
            ("GET", ["layers", _, "versions", _]) => "GetLayerVersion",
            ("DELETE", ["layers", _, "versions", _]) => "DeleteLayerVersion",
            ("GET", ["layers"]) => "ListLayers",
            ("GET", ["layerarn", _]) => "GetLayerVersionByArn",
            ("PUT", ["layers", _, "acl"]) => "PutLayerACL",
            ("GET", ["functions"]) => "ListFunctions",
            _ => return Reply::error(404, "PathNotSupported", "there is no such operation"),
        };
        if asked.header("x-acs-action") != action || asked.header("x-acs-version") != "2023-03-30" {
            return argument("x-acs-action is another operation");
        }
        if self.is_denied(&format!("fc:{action}")) {
            let message = format!("the caller is not authorized to perform 'fc:{action}'");
            return Reply::error(403, "AccessDenied", &message);
        }
        let made = match (action, &parts[..]) {
            ("CreateLayerVersion", [_, name, _]) => self.create(name, &asked.message.body),
            ("ListLayerVersions", [_, name, _]) => self.list(name, asked),
            ("GetLayerVersion", [_, name, _, version]) => self.get(name, version),
            ("DeleteLayerVersion", [_, name, _, version]) => self.delete(name, version),
            ("GetLayerVersionByArn", [_, arn]) => self.get_by_arn(arn),
            ("PutLayerACL", [_, name, _]) => self.put_acl(name, asked),
            ("ListFunctions", _) => self.list_functions(asked),
            _ => self.list_layers(asked),
        };
        made.unwrap_or_else(|refused| refused)
    }

    fn create(&mut self, name: &str, body: &[u8]) -> Result<Reply, Reply> {
        let body: Value = serde_json::from_slice(body).map_err(|_| argument("no JSON"))?;
        if !is_name(name) {
            return Err(argument("the layer's name is not allowed"));
        }
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (description, license) = (text("description"), text("license"));
        if description.chars().count() > 256 {
            return Err(argument("the description has more than 256 characters"));
        }
        let runtimes = body["compatibleRuntime"].as_array().cloned();
        let runtimes: Vec<String> = runtimes
            .unwrap_or_default()
            .iter()
            .filter_map(|runtime| runtime.as_str().map(str::to_owned))
            .collect();
        if runtimes.len() > 20 {
            return Err(argument("there are more than 20 compatible runtimes"));
        }
        if let Some(other) = runtimes
            .iter()
            .find(|one| !RUNTIMES.contains(&one.as_str()))
        {
            return Err(argument(&format!("the runtime {other} is not supported")));
        }
        let zip = self.zip(&body["code"])?;
        let crc64 = crc64(&zip);
        let told = &body["code"]["checksum"];
        if !told.is_null() && told.as_str() != Some(&crc64.to_string()) {
            return Err(argument("the checksum of the code does not match"));
        }
        let (region, account) = (&self.account.region, &self.account.account);
        let arn = format!("acs:fc:{region}:{account}:layers/{name}");
        let layer = self.layers.entry(name.to_owned()).or_default();
        layer.last += 1;
        let version = FcVersion {
            version: layer.last,
            arn: format!("{arn}/versions/{}", layer.last),
            description,
            license,
            runtimes,
            zip,
            crc64,
        };
        layer.versions.insert(version.version, version.clone());
        let is_public = layer.is_public;
        Ok(Reply::json(200, &self.shown(name, &version, is_public)))
    }

    /// The zip that is sent, or is in a bucket.
    fn zip(&self, code: &Value) -> Result<Vec<u8>, Reply> {
        let zip = match (
            &code["zipFile"],
            &code["ossBucketName"],
            &code["ossObjectName"],
        ) {
            (Value::String(zip), Value::Null, Value::Null) => {
                if zip.len() > LARGEST_SENT {
                    let message = "the code is larger than 100 MB";
                    return Err(Reply::error(413, "EntityTooLarge", message));
                }
                let zip = BASE64.decode(zip.as_bytes());
                zip.map_err(|_| argument("zipFile is no base64"))?
            }
            (Value::Null, Value::String(bucket), Value::String(key)) => {
                let at = (bucket.clone(), key.clone());
                let zip = self.objects.get(&at).cloned();
                zip.ok_or_else(|| argument(&format!("there is no object {bucket}/{key}")))?
            }
            _ => return Err(argument("the code is neither sent nor in a bucket")),
        };
        if zip.is_empty() || zip.len() > LARGEST_STORED {
            return Err(argument("the code is empty, or larger than 500 MB"));
        }
        Ok(zip)
    }

    fn shown(&self, name: &str, version: &FcVersion, is_public: bool) -> Value {
        let host = &self.host;
        let id = format!("{name}/{}", version.version);
        json!({
            "layerName": name,
            "version": version.version,
            "layerVersionArn": version.arn,
            "description": version.description,
            "license": version.license,
            "compatibleRuntime": version.runtimes,
            "codeSize": version.zip.len(),
            "codeChecksum": version.crc64.to_string(),
            "acl": if is_public { "1" } else { "0" },
            "createTime": "2026-11-20T08:00:00Z",
            "code": {"repositoryType": "OSS", "location": format!("http://{host}/code/{id}?Signature=s")},
        })
    }

    fn layer(&self, name: &str) -> Result<&Layer, Reply> {
        // The last version takes its layer with it.
        let layer = self.layers.get(name).filter(|it| !it.versions.is_empty());
        layer.ok_or_else(|| no_layer(name))
    }

    fn page(&self, asked: &Asked<'_>) -> Result<usize, Reply> {
        let limit = match asked.query("limit") {
            None => 20,
            Some(limit) => limit.parse().unwrap_or(0),
        };
        if !(1..=100).contains(&limit) {
            return Err(argument("limit is not between 1 and 100"));
        }
        Ok(self.account.page.min(limit))
    }

    /// Newest first.
    fn list(&self, name: &str, asked: &Asked<'_>) -> Result<Reply, Reply> {
        let layer = self.layer(name)?;
        let page = self.page(asked)?;
        let start = match asked.query("startVersion") {
            None => u64::MAX,
            Some(start) => start.parse().map_err(|_| argument("startVersion"))?,
        };
        let versions = layer.versions.values().rev();
        let mut versions: Vec<_> = versions.filter(|it| it.version <= start).collect();
        let next = versions.get(page).map(|version| version.version);
        versions.truncate(page);
        let shown = versions.iter().map(|version| {
            let mut shown = self.shown(name, version, layer.is_public);
            shown["code"] = Value::Null;
            shown
        });
        let mut answer = json!({"layers": shown.collect::<Vec<_>>()});
        if let Some(next) = next {
            answer["nextVersion"] = next.into();
        }
        Ok(Reply::json(200, &answer))
    }

    fn get(&self, name: &str, version: &str) -> Result<Reply, Reply> {
        let layer = self.layer(name)?;
        let found = version.parse().ok().and_then(|it| layer.versions.get(&it));
        let found = found.ok_or_else(|| {
            let message = format!("version {version} of layer '{name}' does not exist");
            Reply::error(404, "LayerVersionNotFound", &message)
        })?;
        let shown = self.shown(name, found, layer.is_public);
        Ok(Reply::json(200, &shown))
    }

    fn get_by_arn(&self, arn: &str) -> Result<Reply, Reply> {
        let (_, rest) = arn.split_once(":layers/").ok_or_else(|| argument("arn"))?;
        let (name, version) = rest.split_once("/versions/").unwrap_or((rest, ""));
        self.get(name, version)
    }

    fn delete(&mut self, name: &str, version: &str) -> Result<Reply, Reply> {
        self.get(name, version)?;
        let layer = self.layers.get_mut(name);
        if let (Some(layer), Ok(version)) = (layer, version.parse()) {
            layer.versions.remove(&version);
        }
        Ok(Reply::empty(204))
    }

    fn put_acl(&mut self, name: &str, asked: &Asked<'_>) -> Result<Reply, Reply> {
        self.layer(name)?;
        let is_public = match (asked.query("acl"), asked.query("public")) {
            (Some("1"), None | Some("true")) | (None, Some("true")) => true,
            (Some("0"), None | Some("false")) | (None, Some("false")) => false,
            _ => return Err(argument("acl is 0 or 1, and public false or true")),
        };
        if let Some(layer) = self.layers.get_mut(name) {
            layer.is_public = is_public;
        }
        Ok(Reply::empty(204))
    }

    fn list_layers(&self, asked: &Asked<'_>) -> Result<Reply, Reply> {
        let page = self.page(asked)?;
        let prefix = asked.query("prefix").unwrap_or_default();
        let after = asked.query("nextToken").unwrap_or_default();
        let layers = self.layers.iter();
        let mut names: Vec<_> = layers
            .filter(|(name, layer)| {
                name.starts_with(prefix) && name.as_str() > after && !layer.versions.is_empty()
            })
            .collect();
        let is_last = names.len() <= page;
        names.truncate(page);
        let token = names.last().filter(|_| !is_last).map(|(name, _)| *name);
        let shown = names.iter().filter_map(|(name, layer)| {
            let (_, newest) = layer.versions.last_key_value()?;
            Some(self.shown(name, newest, layer.is_public))
        });
        let mut answer = json!({"layers": shown.collect::<Vec<_>>()});
        if let Some(token) = token {
            answer["nextToken"] = token.as_str().into();
        }
        Ok(Reply::json(200, &answer))
    }

    fn list_functions(&self, asked: &Asked<'_>) -> Result<Reply, Reply> {
        let page = self.page(asked)?;
        let first = asked
            .query("nextToken")
            .and_then(|token| token.parse().ok());
        let first: usize = first.unwrap_or(0);
        let (region, account) = (&self.account.region, &self.account.account);
        let shown = self
            .functions
            .iter()
            .skip(first)
            .take(page)
            .map(|function| {
                let layers = function.layers.iter();
                let layers: Vec<_> = layers.map(|arn| json!({"arn": arn, "size": 1})).collect();
                let name = &function.name;
                json!({
                    "functionName": name,
                    "functionArn": format!("acs:fc:{region}:{account}:functions/{name}"),
                    "layers": layers,
                })
            });
        let mut answer = json!({"functions": shown.collect::<Vec<_>>()});
        if first + page < self.functions.len() {
            answer["nextToken"] = (first + page).to_string().into();
        }
        Ok(Reply::json(200, &answer))
    }

    /// What the URL of a version's code gives.
    pub(super) fn code(&self, id: &str) -> Reply {
        let (name, version) = id.split_once('/').unwrap_or((id, ""));
        let layer = self.layers.get(name);
        let version = version.parse().ok();
        let found = version.and_then(|version| layer?.versions.get(&version));
        match found {
            Some(found) => Reply {
                status: 200,
                headers: Vec::new(),
                body: found.zip.clone(),
            },
            None => Reply::error(404, "NoSuchKey", "there is no code"),
        }
    }
}

/// CRC-64/XZ, bit by bit.
pub(super) fn crc64(bytes: &[u8]) -> u64 {
    const POLYNOMIAL: u64 = 0xc96c_5795_d787_0f42;
    let mut table = [0_u64; 256];
    for (index, entry) in (0_u64..).zip(table.iter_mut()) {
        let step = |crc: u64, _| (crc >> 1) ^ (POLYNOMIAL * (crc & 1));
        *entry = (0..8).fold(index, step);
    }
    let step = |crc: u64, byte: &u8| table[usize::from(crc.to_le_bytes()[0] ^ byte)] ^ (crc >> 8);
    !bytes.iter().fold(!0, step)
}
