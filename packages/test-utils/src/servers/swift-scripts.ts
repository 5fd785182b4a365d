const STORAGE = ['account', 'container', 'object'] as const
const FILTERS: Readonly<Record<string, string>> = {
  catch_errors: '',
  gatekeeper: '',
  healthcheck: '',
  listing_formats: '',
  bulk: '',
  s3api: 's3_acl = false\nlocation = us-east-1\ndns_compliant_bucket_names = false',
  tempauth: 'user_test_tester = swift-secret-0c5f1e .admin\nuser_test_guest = visiting',
  container_quotas: '',
  slo: '',
  dlo: '',
  symlink: '',
  versioned_writes: 'allow_object_versioning = true',
}

/**
 * An object of which the listing could not be told within a second (Swift's default) is listed when its updater gets round to it, which runs here
 * after a restart only. On a busy machine that would be never.
 */
const PATIENCE = `conn_timeout = 20
node_timeout = 60
container_update_timeout = 60
`

/** What a Swift of one node needs, by file name: its configuration, and scripts that prepare and serve it. Ports `port` to `port + 4`. */
export function swiftScripts(folder: string, port: number, user: string): Readonly<Record<string, string>> {
  const common = (own: number) => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${own}
workers = 0
swift_dir = ${folder}/etc
user = ${user}
log_udp_host = 127.0.0.1
log_udp_port = 9
`
  const storage = STORAGE.map((name, index): [string, string] => [
    `${name}.conf`,
    `${common(port + 1 + index)}devices = ${folder}/node
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
${PATIENCE}${name === 'object' ? updater(folder) : ''}`,
  ])
  return {
    'swift.conf':
      '[swift-hash]\nswift_hash_path_suffix = onitu-test\nswift_hash_path_prefix = onitu-test\n[storage-policy:0]\nname = p0\ndefault = yes\n',
    ...Object.fromEntries(storage),
    'proxy.conf': `${common(port)}${proxy(port)}`,
    'prepare.py': prepareScript(folder, port),
    'serve.sh': serveScript(folder, port, user),
  }
}

/** The daemon that lists what the object server could not have listed. */
function updater(folder: string): string {
  return `[object-updater]
recon_cache_path = ${folder}/run
${PATIENCE}`
}

/** Logins are in memcached. On a busy machine the proxy must not give it up: everybody would have to log in again, and could not. */
function proxy(port: number): string {
  const names = Object.keys(FILTERS)
  const pipeline = ['catch_errors', 'gatekeeper', 'healthcheck', 'cache', ...names.slice(3), 'proxy-server']
  const filters = Object.entries(FILTERS).map(([name, more]) => `[filter:${name}]\nuse = egg:swift#${name}\n${more}\n`)
  return `[pipeline:main]
pipeline = ${pipeline.join(' ')}
[app:proxy-server]
use = egg:swift#proxy
${PATIENCE}account_autocreate = true
allow_account_management = true
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${port + 4}
memcache_max_connections = 32
connect_timeout = 10
pool_timeout = 10
io_timeout = 10
error_suppression_limit = 1000000
${filters.join('')}`
}

/** What swift-ring-builder does, for all rings in one process: each start of it takes most of a second. */
function prepareScript(folder: string, port: number): string {
  const rings = STORAGE.map((name, index) => `('${name}', ${port + 1 + index})`)
  return `from swift.common.ring import RingBuilder
for name, port in (${rings.join(', ')}):
    builder = RingBuilder(4, 1, 1)
    where = {'ip': '127.0.0.1', 'port': port, 'replication_ip': '127.0.0.1', 'replication_port': port}
    builder.add_dev({'id': 0, 'region': 1, 'zone': 1, 'device': 'sda1', 'weight': 1, 'meta': '', **where})
    builder.rebalance()
    builder.get_ring().save('${folder}/etc/%s.ring.gz' % name)
`
}

function serveScript(folder: string, port: number, user: string): string {
  const servers = [...STORAGE, 'proxy'].map((name) => `swift-${name}-server ${folder}/etc/${name}.conf &`)
  // They are in groups of their own: a signal to this script, by Ctrl-C say, would not reach them.
  const trap = `trap 'kill -KILL $(jobs -p); exit 1' INT TERM HUP`
  return [trap, `memcached -l 127.0.0.1 -p ${port + 4} -m 32 -u ${user} &`, ...servers, 'wait', ''].join('\n')
}
