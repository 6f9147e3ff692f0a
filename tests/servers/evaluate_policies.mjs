// Evaluates IAM requests: a JSON list of simulations from the standard input, a JSON list of results to the output.
// A result is `Allowed`, `ImplicitlyDenied` or `ExplicitlyDenied`, or the error of a request that AWS does not know.

import { readFileSync } from "node:fs";

import { runSimulation } from "@cloud-copilot/iam-simulate";

const results = [];
for (const { policies, ...request } of JSON.parse(readFileSync(0, "utf8"))) {
  const found = await runSimulation(
    {
      request,
      identityPolicies: policies.map((policy, number) => ({ name: `${number}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  results.push(found.resultType === "error" ? found.errors.message : found.overallResult);
}
console.log(JSON.stringify(results));
