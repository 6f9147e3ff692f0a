// dynalite on 127.0.0.1, plus TransactWriteItems, which dynalite lacks and the ledger needs. A transaction contains only
// Puts. It uses dynalite's own modules and item locks, so transactions and single writes wait for each other. Prints its
// URL once it listens.

const http = require('http')
const db = require('dynalite/db')
const validations = require('dynalite/validations')
const putItem = require('dynalite/validations/putItem')

let store
const create = db.create
db.create = (options) => (store = create(options))
const [handleOthers] = require('dynalite')({ createTableMs: 0 }).listeners('request')

const server = http.createServer((request, response) => {
  if (request.headers['x-amz-target'] !== 'DynamoDB_20120810.TransactWriteItems') return handleOthers(request, response)
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    transact(JSON.parse(Buffer.concat(chunks)).TransactItems.map((item) => validate(item.Put)), (error, reasons) => {
      if (error) throw error
      const cancelled = reasons.some((reason) => reason.Code !== 'None')
      const body = cancelled
        ? { __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException', CancellationReasons: reasons }
        : {}
      response.writeHead(cancelled ? 400 : 200, { 'Content-Type': 'application/x-amz-json-1.0' })
      response.end(JSON.stringify(body))
    })
  })
})

function validate(put) {
  const data = validations.checkTypes(put, putItem.types)
  validations.checkValidations(data, putItem.types, putItem.custom, store)
  return data
}

function transact(puts, done) {
  const name = puts[0].TableName
  const items = store.getItemDb(name)
  store.getTable(name, (error, table) => {
    if (error) return done(error)
    const keys = puts.map((put) => db.createKey(put.Item, table))
    items.lock(keys, (release) => {
      const finish = release(done)
      mapInTurn(keys, (key, next) => items.get(key, (error, item) => next(null, item)), (_, found) => {
        const reasons = puts.map((put, index) => ({
          Code: db.checkConditional(put, found[index]) ? 'ConditionalCheckFailed' : 'None',
        }))
        if (reasons.some((reason) => reason.Code !== 'None')) return finish(null, reasons)
        const updateIndexes = (put, next) => db.updateIndexes(store, table, found[puts.indexOf(put)], put.Item, next)
        mapInTurn(puts, updateIndexes, (error) => {
          if (error) return finish(error)
          const writes = puts.map((put, index) => ({ type: 'put', key: keys[index], value: put.Item }))
          items.batch(writes, (error) => finish(error, reasons))
        })
      })
    })
  })
}

function mapInTurn(list, work, done, results = []) {
  if (results.length === list.length) return done(null, results)
  work(list[results.length], (error, result) => {
    if (error) return done(error)
    mapInTurn(list, work, done, [...results, result])
  })
}

server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
