-- Makes the client's request this upstream's own, once an attempt: path, the model's name, the length of the body.
--
-- Headers are shared between the attempts of a request while the body is new each time, so all of this is computed from
-- what the front door kept, never from what the attempt before left.

local FAILED = '{"error":{"message":"The gateway could not prepare this request.","type":"server_error","param":null,' ..
  '"code":"internal_error"}}'

local function undo_attempt_before(headers, state, adds)
  for name in string.gmatch(state:get('agentrouter.added') or '', '[^,]+') do headers:remove(name) end
  state:set('agentrouter.added', 'envoy.string', adds)
end

local function upstream_path(path, query)
  if string.find(path, '?', 1, true) then query = string.gsub(query, '^%?', '&') end
  return path .. query
end

local function prepare(handle)
  local body = handle:body()  -- first: waiting for it ends the life of every other object of the handle
  local upstream = handle:filterContext()
  local headers, state = handle:headers(), handle:streamInfo():filterState()
  undo_attempt_before(headers, state, upstream:get('adds'))
  headers:replace(':path', upstream_path(upstream:get('path'), state:get('agentrouter.query') or ''))

  local model = handle:metadata():get(upstream:get('name'))
  local first, last = string.match(state:get('agentrouter.span'), '^(%d+):(%d+)$')
  first, last = tonumber(first), tonumber(last)
  local length = body:length()
  if body:getBytes(first - 1, last - first + 1) == model then
    headers:replace('content-length', tostring(length))
  else
    body:setBytes(body:getBytes(0, first - 1) .. model .. body:getBytes(last, length - last))
  end
end

-- Envoy lets a request pass whose script fails; this one must not.
function envoy_on_request(handle)
  local fine, problem = pcall(prepare, handle)
  if not fine then
    handle:logErr('rewrite: ' .. tostring(problem))
    handle:respond({ [':status'] = '500', ['content-type'] = 'application/json' }, FAILED)
  end
end
