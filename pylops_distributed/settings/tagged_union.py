"""Pydantic annotation: a union of forms, discriminated by ``name``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue


@dataclass(frozen=True)
class TaggedUnion:
    """Annotation of a field of type ``base``: the form that the key ``name`` says, with errors in that form's words.

    Parameters
    ----------
    base : type
        What all of the forms are.
    find : callable
        The form of a name; raises ``ValueError`` for one that is unknown.
    known : callable
        All forms by name, for the schema that user interfaces make their own forms of.
    default : str
        Name where none is given.
    more : mapping, optional
        JSON schema of what ``find`` knows beyond ``known``.
    """

    base: type[BaseModel]
    find: Callable[[str], type[BaseModel]]
    known: Callable[[], Mapping[str, type[BaseModel]]]
    default: str
    more: Mapping[str, Any] | None = None

    def __hash__(self) -> int:
        return hash((self.base, self.default))

    def read(self, value: object) -> BaseModel:
        """The form that ``value`` describes, or is."""
        if isinstance(value, self.base):
            return value
        if not isinstance(value, Mapping):
            raise PydanticCustomError("choice", "must be a mapping of settings with a `name`")
        name = value.get("name", self.default)
        if not isinstance(name, str):
            raise PydanticCustomError("choice_name", "must be one name, got {name}", {"name": repr(name)})
        try:
            form = self.find(name)
        except ValueError as error:
            raise PydanticCustomError("choice_name", "{words}", {"words": str(error)}) from None
        return form.model_validate(value)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        write = core_schema.plain_serializer_function_ser_schema(
            lambda value, info: value.model_dump(mode=info.mode), info_arg=True
        )
        return core_schema.no_info_plain_validator_function(self.read, serialization=write)

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        forms = [dict(handler(TypeAdapter(form).core_schema)) for form in self.known().values()]
        return {"anyOf": [*forms, *([dict(self.more)] if self.more else [])]}
