"""Members, guests, groups, the organization and oneself through the official Python client."""

import pytest

from .official import Office, assert_all_filled, assert_filled, assert_refused, every_page, ids, unwrapped


def test_the_caller_reads_their_own_record(office: Office) -> None:
    me = office.sdk.get_current_user_info(office.id)

    assert_filled(me, office.sdk.answer["data"])
    assert (me.id, me.email, me.username) == (office.admin, office.organization.admin.email, me.email)
    assert (me.first_name, me.last_name, me.full_name) == ("Mira", "Okoye", "Mira Okoye")
    assert (me.role, me.status, me.active, me.is_suspended) == ("admin", "active", True, False)
    assert (me.timezone, me.UTC_offset, me.disabled_at) == ("UTC", "+00:00", None)


def test_the_organization_is_read_with_its_settings(office: Office) -> None:
    organization = office.sdk.get_organization(office.id)

    assert_filled(organization, office.sdk.answer["data"])
    assert (organization.id, organization.name, organization.timezone) == (office.id, "Fernwood", "UTC")
    assert (organization.users_count, organization.user_role) == (1, "admin")
    assert (organization.default_deadline.type, organization.default_deadline.value) == ("days", 5)
    assert (organization.auto_archive_processes_after.unit, organization.auto_archive_processes_after.value) == (
        "weeks",
        52,
    )
    assert organization.working_days.Sunday["working"] is True
    assert organization.cadence_days == ["Monday", "Wednesday", "Friday"]
    assert organization.restrict_blueprint_permissions is True


def test_the_callers_organizations_are_listed(office: Office) -> None:
    listed = office.sdk.organizations.get_current_user_organizations()

    assert_all_filled(listed.data, office.sdk.answer["data"])
    assert [(each.id, each.user_role) for each in listed.data] == [(office.id, "admin")]
    assert (listed.count, listed.meta.total_pages) == (1, 1)


def test_members_are_listed_in_full_and_in_short(office: Office) -> None:
    sdk, org, organization = office.sdk, office.id, office.organization
    ada = organization.person("light", first_name="Ada", last_name="Byron")
    zoe = organization.person("standard", first_name="Zoe", last_name="Ames")
    group = organization.group(members=[zoe])

    people = sdk.get_organization_users(org, with_groups=True)
    assert_all_filled(people.data, sdk.answer["data"])
    found = {user.id: user for user in people.data}
    assert {ada.id, zoe.id, office.admin} <= found.keys() and people.count == len(people.data)
    assert (found[ada.id].role, found[zoe.id].role) == ("Light", "Standard")
    assert [each["id"] for each in unwrapped(found[zoe.id].extra["groups"])] == [group["id"]]
    assert unwrapped(found[ada.id].extra["groups"]) == []
    assert ids(every_page(lambda page: sdk.users.get_organization_users(org, page=page, per_page=2))) == ids(
        people.data
    )

    short = sdk.get_organization_users_list(org)
    assert {user.id: user.full_name for user in short.data}[ada.id] == "Ada Byron"
    assert (short.meta, short.count) == (None, len(short.data))


def test_one_member_is_found_by_id_address_and_name(office: Office) -> None:
    sdk, org = office.sdk, office.id
    invited = sdk.invite_user_to_organization(org, "ada@fernwood.example", "Ada", "Byron")
    sdk.create_guest(org, "adam@partner.example", "Adam", "Lind")

    user = sdk.get_user(org, invited.id)
    assert_filled(user, sdk.answer["data"])
    assert (user.email, user.role) == ("ada@fernwood.example", "Light")
    assert sdk.users.get_user_by_email(org, "ADA@fernwood.example").id == invited.id
    assert sdk.users.get_user_by_email(org, "nobody@fernwood.example") is None
    assert sdk.users.get_guest_by_email(org, "adam@partner.example").first_name == "Adam"
    matches = sdk.users.search_members_by_name(org, "ada")
    assert ids(matches["users"]) == [invited.id]
    assert [guest.email for guest in matches["guests"]] == ["adam@partner.example"]
    both = sdk.users.get_all_organization_members(org, with_groups=True, with_stats=True)
    assert (both["guests"].count, both["users"].count) == (1, len(both["users"].data))


@pytest.mark.parametrize("role", ["admin", "standard", "light"])
def test_a_person_is_invited_once_and_reminded_afterwards(office: Office, role: str) -> None:
    sdk, org = office.sdk, office.id

    invited = sdk.invite_user_to_organization(org, "iris@fernwood.example", "Iris", "Moe", role, "Welcome")

    assert_filled(invited, sdk.answer["data"])
    assert (invited.email, invited.full_name, invited.role) == ("iris@fernwood.example", "Iris Moe", role)
    assert (invited.status, invited.active, invited.invited_by) == ("invited", False, office.admin)
    assert sdk.users.resend_invitation(org, "iris@fernwood.example") is True
    again = sdk.get_user(org, invited.id)
    assert (again.full_name, again.role.lower(), again.status) == ("Iris Moe", role, "invited")


def test_several_people_are_invited_at_once(office: Office) -> None:
    sdk, org = office.sdk, office.id
    people = [
        {"email": "iris@fernwood.example", "first_name": "Iris", "last_name": "Moe", "role": "standard"},
        {"email": office.organization.admin.email, "first_name": "Mira", "last_name": "Okoye"},
        {"email": "otto@fernwood.example", "first_name": "Otto", "last_name": "Lie"},
    ]

    results = sdk.users.invite_multiple_users(org, people)

    assert [result and result.role for result in results] == ["standard", None, "light"]


def test_a_role_is_changed_and_a_member_disabled_and_enabled(office: Office) -> None:
    sdk, org, organization = office.sdk, office.id, office.organization
    mira = organization.person("standard")
    token = organization.token(mira.id)

    assert sdk.change_user_role(org, mira.id, "admin") is True
    assert sdk.get_user(org, mira.id).role == "Admin"

    assert sdk.disable_user(org, mira.id) is True
    disabled = sdk.get_user(org, mira.id)
    assert_filled(disabled, sdk.answer["data"])
    assert (disabled.status, disabled.active, disabled.disabled_by) == ("disabled", False, office.admin)
    assert disabled.disabled_at is not None
    with office.client(token) as theirs:
        assert_refused(401, lambda: theirs.get_current_user_info(org), saying="Unauthenticated")

    assert sdk.enable_user(org, mira.id) is True
    enabled = sdk.get_user(org, mira.id)
    assert (enabled.status, enabled.active, enabled.reactivated_by) == ("active", True, office.admin)
    assert sdk.approve_user(org, mira.id) is True


def test_a_guest_is_created_read_changed_disabled_and_enabled(office: Office) -> None:
    sdk, org = office.sdk, office.id

    made = sdk.create_guest(org, "ana@partner.example", "Ana", "Silva", company_name="Partner Ltd")
    assert_filled(made, sdk.answer["data"])
    assert (made.email, made.first_name, made.last_name) == ("ana@partner.example", "Ana", "Silva")
    assert (made.details.company_name, made.details.first_name, made.details.disabled_at) == (
        "Partner Ltd",
        "Ana",
        None,
    )
    assert (made.deleted_at, made.last_accessed_at) == (None, None) and made.created_at.endswith(".000Z")
    assert made.link.rpartition("/")[2] == made.guest_id == sdk.get_guest(org, made.email).guest_id
    assert sdk.get_guest_tasks(org, made.guest_id).data == []

    changed = sdk.update_guest(org, "ana@partner.example", first_name="Anna", company_name="Other Ltd")
    assert_filled(changed, sdk.answer["data"])
    assert (changed.first_name, changed.last_name, changed.details.company_name) == ("Anna", "Silva", "Other Ltd")

    assert sdk.disable_guest(org, "ana@partner.example") is True
    disabled = sdk.get_guest(org, "ana@partner.example")
    assert disabled.details.disabled_at == disabled.details.disabled_on is not None
    assert disabled.details.disabled_by == office.admin
    assert sdk.enable_guest(org, "ana@partner.example") is True
    assert sdk.get_guest(org, "ana@partner.example").details.disabled_at is None


def test_guests_are_listed_in_full_and_in_short(office: Office) -> None:
    sdk, org = office.sdk, office.id
    for name in ("Ana", "Bo", "Cy"):
        sdk.create_guest(org, f"{name.lower()}@partner.example", name, "Silva")
    sdk.create_task(org, "Send papers", "2031-02-06 16:00:00", guest_emails=["bo@partner.example"])

    guests = sdk.get_organization_guests(org, with_stats=True)
    assert_all_filled(guests.data, sdk.answer["data"])
    assert [guest.first_name for guest in guests.data] == ["Ana", "Bo", "Cy"]
    assert [unwrapped(guest.extra["stats"])["assigned_tasks"] for guest in guests.data] == [0, 1, 0]
    paged = every_page(lambda page: sdk.users.get_organization_guests(org, page=page, per_page=2))
    assert [guest.email for guest in paged] == [guest.email for guest in guests.data]

    short = sdk.get_organization_guests_list(org)
    assert {guest.email for guest in short.data} == {guest.email for guest in guests.data}
    assert (short.meta, short.count) == (None, 3)


def test_a_group_is_created_read_changed_and_deleted(office: Office) -> None:
    sdk, org = office.sdk, office.id
    mira = office.organization.person("standard")

    made = sdk.create_group(
        org, "Buyers", description="They buy", members=[mira.id, office.admin], guests=["ana@partner.example"]
    )
    assert_filled(made, sdk.answer["data"])
    assert (made.name, made.description, set(made.members)) == ("Buyers", "They buy", {mira.id, office.admin})
    assert (made.guests, made.logo, made.deleted_at) == (["ana@partner.example"], None, None)
    assert sdk.get_group(org, made.id) == made

    renamed = sdk.update_group(org, made.id, name="Purchasing", members=[mira.id])
    assert_filled(renamed, sdk.answer["data"])
    assert (renamed.name, renamed.description, renamed.members) == ("Purchasing", "They buy", [mira.id])
    assert renamed.guests == ["ana@partner.example"]

    assert sdk.delete_group(org, made.id) is True
    assert_refused(404, lambda: sdk.get_group(org, made.id))


def test_every_group_is_listed(office: Office) -> None:
    sdk, org = office.sdk, office.id
    made = [sdk.create_group(org, f"Group {number}").id for number in range(5)]

    assert ids(sdk.groups.get_groups(org, per_page=2)) == made
    assert ids(sdk.groups.get_groups(org, page=2, per_page=2)) == made[2:4]
    assert ids(sdk.get_groups(org, q="up 3")) == [made[3]]
    by_name = sdk.groups.get_groups(org, sort_by="-name", with_data="users")
    assert ids(by_name) == made[::-1]
    assert_all_filled(by_name, sdk.answer["data"])


def test_refusals_about_people_carry_their_status(office: Office) -> None:
    sdk, org, organization = office.sdk, office.id, office.organization
    mira = organization.person("standard")

    assert_refused(404, lambda: sdk.get_user(org, 999999))
    assert_refused(404, lambda: sdk.get_guest(org, "nobody@partner.example"))
    assert_refused(403, lambda: sdk.get_organization("f" * 32))
    assert_refused(422, lambda: sdk.invite_user_to_organization(org, "iris@fernwood.example", "x" * 33, "Moe"))
    assert_refused(400, lambda: sdk.change_user_role(org, office.admin, "light"), saying="last administrator")
    with office.client(organization.token(mira.id)) as theirs:
        assert_refused(403, lambda: theirs.change_user_role(org, mira.id, "admin"))
        assert_refused(403, lambda: theirs.disable_guest(org, "nobody@partner.example"))
    with office.client("not a token") as nobody:
        assert_refused(401, lambda: nobody.get_organization_users(org), saying="401: Unauthenticated")
