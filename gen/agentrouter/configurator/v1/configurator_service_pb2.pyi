from agentrouter.configurator.v1 import backends_pb2 as _backends_pb2
from agentrouter.configurator.v1 import configurations_pb2 as _configurations_pb2
from agentrouter.configurator.v1 import events_pb2 as _events_pb2
from agentrouter.configurator.v1 import gateways_pb2 as _gateways_pb2
from agentrouter.configurator.v1 import slots_pb2 as _slots_pb2
from agentrouter.configurator.v1 import upgrades_pb2 as _upgrades_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
