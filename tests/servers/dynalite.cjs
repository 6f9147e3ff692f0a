// dynalite on 127.0.0.1, plus TransactWriteItems, which dynalite lacks and the ledger needs. A transaction contains
// Puts and ConditionChecks. It uses dynalite's own modules and item locks, so transactions and single writes wait for each other. Prints its
// URL once it listens.

const http = require('http')
const db = require('dynalite/db')
const validations = require('dynalite/validations')
const putItem = require('dynalite/validations/putItem')
const deleteItem = require('dynalite/validations/deleteItem')

let store
const create = db.create
db.create = (options) => (store = create(options))
const [handleOthers] = require('dynalite')({ createTableMs: 0 }).listeners('request')

const server = http.createServer((request, response) => {
  if (request.headers['x-amz-target'] !== 'DynamoDB_20120810.TransactWriteItems') return handleOthers(request, response)
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    transact(JSON.parse(Buffer.concat(chunks)).TransactItems.map(validate), (error, reasons) => {
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

// A ConditionCheck has the parameters of a DeleteItem, and writes nothing.
function validate({ Put: put, ConditionCheck: check }) {
  const { types, custom } = put ? putItem : deleteItem
  const data = validations.checkTypes(put ?? check, types)
  validations.checkValidations(data, types, custom, store)
  return data
}

function transact(actions, done) {
  const name = actions[0].TableName
  const items = store.getItemDb(name)
  store.getTable(name, (error, table) => {
    if (error) return done(error)
    const keys = actions.map((action) => db.createKey(action.Item ?? action.Key, table))
    items.lock(keys, (release) => {
      const finish = release(done)
      mapInTurn(keys, (key, next) => items.get(key, (error, item) => next(null, item)), (_, found) => {
        const reasons = actions.map((action, index) => ({
          Code: db.checkConditional(action, found[index]) ? 'ConditionalCheckFailed' : 'None',
        }))
        if (reasons.some((reason) => reason.Code !== 'None')) return finish(null, reasons)
        const puts = actions.filter((action) => action.Item)
        const updateIndexes = (put, next) => db.updateIndexes(store, table, found[actions.indexOf(put)], put.Item, next)
        mapInTurn(puts, updateIndexes, (error) => {
          if (error) return finish(error)
          const writes = puts.map((put) => ({ type: 'put', key: keys[actions.indexOf(put)], value: put.Item }))
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
