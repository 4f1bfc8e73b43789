// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title A contract whose powers can be given up for ever
/// @notice Every restricted function asks the asset's AccessManager who may call it. `abdicate` switches one of them off:
/// nobody, not even the admin with a new role, can call it again. Only powers over holders can be given up; the acts that
/// bring holders their money can't, and each contract says which is which in `_mayAbdicate`.
abstract contract Governed is AccessManaged {
    /// @notice `selector` is switched off for ever.
    event Abdicated(bytes4 indexed selector);

    /// @notice The function was given up; nobody can call it.
    error FunctionAbdicated(bytes4 selector);
    /// @notice Giving up this function would take something from holders, or there is no such function.
    error NotAbdicable(bytes4 selector);

    /// @notice Whether the function of this selector is switched off.
    mapping(bytes4 selector => bool) public isAbdicated;

    constructor(address authority_) AccessManaged(authority_) {}

    /// @notice Switches the function of `selector` off for ever. Restricted: the admin.
    function abdicate(bytes4 selector) external restricted {
        if (!_mayAbdicate(selector)) revert NotAbdicable(selector);
        if (isAbdicated[selector]) revert FunctionAbdicated(selector);
        isAbdicated[selector] = true;
        emit Abdicated(selector);
    }

    /// @dev Whether the function of `selector` is a power that may be given up.
    function _mayAbdicate(bytes4 selector) internal view virtual returns (bool);

    /// @dev Every restricted function passes here.
    function _checkCanCall(address caller, bytes calldata data) internal virtual override {
        bytes4 selector = bytes4(data[0:4]);
        // Only what may be given up is looked up.
        if (_mayAbdicate(selector) && isAbdicated[selector]) revert FunctionAbdicated(selector);
        super._checkCanCall(caller, data);
    }
}
