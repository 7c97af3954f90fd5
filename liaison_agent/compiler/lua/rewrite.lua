-- Makes the client's request this upstream's own, once an attempt: path, the model's name, the length of the body.
--
-- Headers are shared between the attempts of a request while the body is new each time, so all of this is computed from
-- what the front door kept, never from what the attempt before left. What the other upstreams of the model add under
-- names of their own is named by the route and taken away, the client's headers of these names included.

local find, gmatch, gsub, match, sub = string.find, string.gmatch, string.gsub, string.match, string.sub

local FAILED = '{"error":{"message":"The gateway could not prepare this request.","type":"server_error","param":null,' ..
  '"code":"internal_error"}}'
local SMALL = 65536  -- bytes of a body that are cheaper to take once than in parts

local function splice(body, length, first, last, model)
  if length > SMALL then
    return body:setBytes(body:getBytes(0, first - 1) .. model .. body:getBytes(last, length - last))
  end
  local s = body:getBytes(0, length)
  body:setBytes(sub(s, 1, first - 1) .. model .. sub(s, last + 1))
end

local function prepare(handle)
  local body = handle:body()  -- first: waiting for it ends the life of every other object of the handle
  local upstream, headers = handle:filterContext(), handle:headers()
  local model = handle:metadata():get(upstream:get('name'))
  local foreign = find(model, '\n', 1, true)
  if foreign then
    for name in gmatch(sub(model, foreign + 1), '[^,]+') do headers:remove(name) end
    model = sub(model, 1, foreign - 1)
  end

  local first, last, query = match(handle:streamInfo():filterState():get('agentrouter.span'), '^(%d+):(%d+)(.*)$')
  local path = upstream:get('path')
  if query ~= '' and find(path, '?', 1, true) then query = gsub(query, '^%?', '&') end
  headers:replace(':path', path .. query)

  first, last = tonumber(first), tonumber(last)
  local length = body:length()
  if last - first + 1 == #model and body:getBytes(first - 1, #model) == model then
    headers:replace('content-length', tostring(length))
  else
    splice(body, length, first, last, model)
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
