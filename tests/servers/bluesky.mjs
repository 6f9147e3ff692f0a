// A Bluesky personal data server (PDS), with its data in the given folder, and an identity directory (PLC), in memory.
// Both listen on loopback. Prints one line of JSON with the address of the PDS once it listens, and stops when its
// standard input ends.

import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { PDS } from '@atproto/pds'
import { Database, PlcServer } from '@did-plc/server'

const folder = process.argv[2]

// Both servers listen on every interface and have no option for the address, so this sets it.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...others) {
  return listen.call(this, Number(port), '127.0.0.1', ...others.filter((other) => typeof other === 'function'))
}

function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer()
    probe.listen(0, () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

const plc = PlcServer.create({ db: Database.mock(), port: await freePort() })
await plc.start()

const port = await freePort()
const pds = await PDS.fromEnv({
  port,
  hostname: 'localhost',
  devMode: true,
  inviteRequired: false,
  dataDirectory: folder,
  blobstoreDiskLocation: `${folder}/blobs`,
  didPlcUrl: `http://127.0.0.1:${plc.ctx.port}`,
  jwtSecret: randomBytes(16).toString('hex'),
  adminPassword: randomBytes(16).toString('hex'),
  plcRotationKeyK256PrivateKeyHex: randomBytes(32).toString('hex'),
  disableSsrfProtection: true,
})
await pds.start()

console.log(JSON.stringify({ address: `http://127.0.0.1:${port}` }))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
