// Makes unixfs.json, once, with packages of npm that are not installed with this project:
//   npm install ipfs-unixfs-importer@17.1.1 @ipld/car && node make.mjs
import { importer } from 'ipfs-unixfs-importer'
import { balanced, trickle } from 'ipfs-unixfs-importer/layout'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { CarWriter } from '@ipld/car'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'

class Store {
  blocks = new Map()
  async put (cid, bytes) {
    const parts = []
    if (bytes[Symbol.asyncIterator] || (bytes[Symbol.iterator] && !(bytes instanceof Uint8Array))) {
      for await (const p of bytes) parts.push(p)
      bytes = Buffer.concat(parts)
    }
    this.blocks.set(cid.toString(), bytes)
    return cid
  }
  async * get (cid) { yield this.blocks.get(cid.toString()) }
  async has (cid) { return this.blocks.has(cid.toString()) }
}

// The bytes of a file: the sha256 of "<path>:<n>" for n = 0, 1, …, end to end, cut to its length.
function content (path, size) {
  const out = Buffer.alloc(Math.ceil(size / 32) * 32)
  for (let n = 0; n * 32 < size; n++) {
    createHash('sha256').update(`${path}:${n}`).digest().copy(out, n * 32)
  }
  return out.subarray(0, size)
}

const many = (count, length) => Object.fromEntries(
  Array.from({ length: count }, (_, n) => [`${String(n).padStart(5, '0')}${'x'.repeat(length)}`, 1]))
const nested = Object.fromEntries(Object.entries(many(4500, 20)).map(([k, v]) => [`big/${k}`, v]))

const cases = {
  'one file': { files: { 'a.txt': 5 } },
  'an empty file': { files: { 'nothing': 0 } },
  'sorted by bytes': { files: { 'b': 1, 'a': 2, 'B': 3, 'ä': 4, 'z/a': 5, 'z.b': 6, 'z': 0 } },
  'folders in folders': { files: { 'data/train/0001.bin': 1048577, 'data/train/0002.bin': 40, 'README.md': 77, 'data/test/x': 1048576 } },
  'three MiB and a bit': { files: { 'weights.bin': 3 * 1048576 + 12345 } },
  'a flat folder below the limit': { generated: [3000, 20], files: many(3000, 20) },
  'a sharded folder': { generated: [4500, 20], files: many(4500, 20) },
  'a sharded folder below another': { generated: [4500, 20, 'big/'], files: { ...nested, 'README.md': 9 } }
}
delete cases['sorted by bytes'].files['z']

const out = { made_with: 'ipfs-unixfs-importer 17.1.1, profile unixfs-v1-2025, wrapWithDirectory', cases: [] }
for (const [name, { files, generated }] of Object.entries(cases)) {
  const store = new Store()
  let root
  const source = Object.entries(files).map(([path, size]) => ({ path, content: content(path, size) }))
  for await (const entry of importer(source, store, { profile: 'unixfs-v1-2025', wrapWithDirectory: true })) root = entry
  const cids = [...store.blocks.keys()].sort()
  const item = { name, root: root.cid.toString(), block_count: cids.length, blocks_sha256: createHash('sha256').update(cids.join('\n')).digest('hex') }
  if (generated) item.generated = generated; else item.files = files
  if (name.endsWith('another')) item.extra = { 'README.md': 9 }
  if (cids.length < 20) item.blocks = Object.fromEntries(cids.map(c => [c, store.blocks.get(c).length]))
  out.cases.push(item)
}

// CAR files as other tools make them: small chunks, so that a few bytes make a deep tree.
const foreign = {
  'leaves in dag-pb, three links a node': { rawLeaves: false, cidVersion: 1, chunker: fixedSize({ chunkSize: 100 }), layout: balanced({ maxChildrenPerNode: 3 }), reduceSingleLeafToSelf: false },
  'version 0, as kubo made them by default': { profile: 'unixfs-v0-2015' },
  'raw leaves of 64 bytes, trickled': { rawLeaves: true, cidVersion: 1, chunker: fixedSize({ chunkSize: 64 }), layout: trickle({ maxChildrenPerNode: 4 }) },
  'the profile of 2025': { profile: 'unixfs-v1-2025' }
}
out.cars = []
for (const [name, options] of Object.entries(foreign)) {
  const store = new Store()
  const files = { 'README.md': 70, 'data/a.bin': 1500, 'data/empty': 0 }
  const cids = []
  let root
  const source = Object.entries(files).map(([path, size]) => ({ path, content: content(path, size) }))
  const put = store.put.bind(store)
  store.put = async (cid, bytes) => { if (!cids.some(c => c.equals(cid))) cids.push(cid); return put(cid, bytes) }
  for await (const entry of importer(source, store, { ...options, wrapWithDirectory: true })) root = entry
  const { writer, out: pieces } = CarWriter.create([root.cid])
  const whole = (async () => { const parts = []; for await (const p of pieces) parts.push(p); return Buffer.concat(parts) })()
  for (const cid of cids) await writer.put({ cid, bytes: store.blocks.get(cid.toString()) })
  await writer.close()
  out.cars.push({ name, root: root.cid.toString(), files, blocks: cids.length, car: (await whole).toString('base64') })
}
writeFileSync('unixfs.json', JSON.stringify(out, null, 1) + '\n')
