-- Requests for wrk: 20 header fields and 10 cookies each, 100,000 different keys, and one line of JSON with the result.

local KEYS = 100000
-- A prime far from the number of keys, so that neighbouring requests have unlike keys.
local STRIDE = 7919

local cookies = {}
for n = 1, 4 do cookies[#cookies + 1] = string.format("c%d=%s", n, string.rep("v", 12)) end
local head = "GET /items?page=1 HTTP/1.1\r\nHost: shop.test\r\n" ..
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" ..
  "Accept: application/json\r\nAccept-Language: en-GB,en;q=0.9\r\nAccept-Encoding: gzip, deflate, br\r\n" ..
  "Referer: http://shop.test/\r\nSec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n" ..
  "X-Request-Id: 0f8fad5b-d9cb-469f-a165-70867728950e\r\nTraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n" ..
  "Cookie: " .. table.concat(cookies, "; ") .. "; uid=u"
local tail = {}
for n = 5, 9 do tail[#tail + 1] = string.format("; c%d=%s", n, string.rep("w", 12)) end
for n = 1, 8 do tail[#tail + 1] = string.format("\r\nX-Field-%d: value-%d", n, n) end
tail = table.concat(tail) .. "\r\n\r\n"

local asked = 0
-- In a warm-up half of the requests ask for the canary, or it would need ten minutes of a 5 % share to be compiled.
local eager = os.getenv("ASK_CANARY") and "; beta=1" or ""

request = function()
  asked = asked + 1
  return head .. (asked * STRIDE) % KEYS .. (asked % 2 == 0 and eager or "") .. tail
end

-- A paced run: each connection waits before each request.
local pause = tonumber(os.getenv("PAUSE_MS") or "")
if pause then
  delay = function() return pause end
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format('\n{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"failed":%d}\n', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
