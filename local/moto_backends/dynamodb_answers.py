"""Writes the items of DynamoDB's answers, which moto looks up member by member in the model of the API."""

from typing import Any, cast

from moto.core.model import MapShape, Shape
from moto.core.serialize import JSONSerializer
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.utilities import dynamo_to_dict

_CHANGED = frozenset({"M", "L", "B", "BS"})


def to_plain(value: Any) -> Any:
    """Returns the value as `dynamo_to_dict` does, with fewer calls for an item."""
    if type(value) is dict:
        return {
            name: {each.type: each.value} if type(each) is DynamoType and each.type not in _CHANGED else to_plain(each)
            for name, each in value.items()
        }
    if type(value) is list:
        return list(map(to_plain, value))
    return dynamo_to_dict(value)


class DynamoSerializer(JSONSerializer):
    """moto's serializer of JSON, which writes the attributes of an item as they are."""

    def _serialize_type_map(self, serialized: Any, value: Any, shape: MapShape, key: str) -> None:
        if cast("Shape", shape.value).name == "AttributeValue":
            self._default_serialize(
                serialized, {name: self._attribute(each) for name, each in value.items()}, shape, key
            )
        else:
            super()._serialize_type_map(serialized, value, shape, key)

    def _attribute(self, attribute: dict[str, Any]) -> dict[str, Any]:
        if _CHANGED.isdisjoint(attribute):
            return attribute
        return {kind: self._content(kind, content) for kind, content in attribute.items()}

    def _content(self, kind: str, content: Any) -> Any:
        match kind:
            case "M":
                return {name: self._attribute(each) for name, each in content.items()}
            case "L":
                return [self._attribute(each) for each in content]
            case "B":
                return self._base64(content)
            case "BS":
                return [self._base64(each) for each in content]
        return content
